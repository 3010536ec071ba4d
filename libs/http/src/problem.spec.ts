import { type ProblemCode, problems, SecaggError } from '@secagg/schema';
import { asSecaggError, problemReply } from './problem';

const bodyOf = (error: SecaggError): Record<string, unknown> =>
  JSON.parse(problemReply(error).body as string) as Record<string, unknown>;

describe('problems', () => {
  it.each(Object.keys(problems) as ProblemCode[])('gives %s its status, type and title', (code) => {
    const reply = problemReply(new SecaggError(code, 'what happened', { party: 'router-1', round: 3 }));
    const { status, title } = problems[code];
    expect(reply).toMatchObject({ status, type: 'application/problem+json' });
    expect(bodyOf(new SecaggError(code, 'what happened', { party: 'router-1', round: 3 }))).toEqual({
      type: `urn:secagg:problem:${code}`,
      title,
      status,
      detail: 'what happened',
      code,
      party: 'router-1',
      round: 3,
    });
  });

  it('keeps details from taking the place of what the problem says', () => {
    expect(bodyOf(new SecaggError('duplicate', 'x', { status: 200, code: 'ok', type: 'about:blank' }))).toMatchObject({
      status: 409,
      code: 'duplicate',
      type: 'urn:secagg:problem:duplicate',
    });
  });

  it('tells a peer nothing of an unexpected error', () => {
    const secret = 'seed 4f6a';
    expect(problemReply(asSecaggError(new TypeError(secret))).body).not.toContain(secret);
    expect(asSecaggError(new TypeError(secret)).code).toBe('internal');
    expect(asSecaggError('thrown text').code).toBe('internal');
  });

  it('says when to come again where coming again helps', () => {
    expect(problemReply(new SecaggError('unavailable', 'x')).headers).toEqual({ 'retry-after': '1' });
    expect(problemReply(new SecaggError('duplicate', 'x')).headers).toBeUndefined();
  });
});
