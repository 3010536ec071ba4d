import { SecaggError } from '../problems';
import { costPerToken, parseObservation } from './observation';

const valid = { model: 'm', task: 'a:b', success: true, latency_s: 0.5 };

describe('parseObservation', () => {
  it.each([
    valid,
    { ...valid, success: 0, latency_s: 0 },
    { ...valid, success: 1, latency_s: 1e6, quality: 1, cost_usd: 1e6, tokens: 1e9 },
    { ...valid, success: false, cost_usd: 0 },
    { ...valid, tokens: 0 },
    { ...valid, requester: 'x'.repeat(256) },
  ])('takes %j unchanged', (observation) => {
    expect(parseObservation(observation)).toEqual(observation);
  });

  it.each<[string, Record<string, unknown>]>([
    ['model', { model: '' }],
    ['model', { model: 'a:b' }],
    ['model', { model: 'a\tb' }],
    ['task', { task: '' }],
    ['task', { task: 'x'.repeat(199) }],
    ['task', { model: 'x'.repeat(100), task: 'x'.repeat(100) }],
    ['success', { success: 2 }],
    ['success', { success: '1' }],
    ['success', { success: -0 }],
    ['latency_s', { latency_s: -0 }],
    ['latency_s', { latency_s: 1e6 + 1 }],
    ['latency_s', { latency_s: NaN }],
    ['quality', { quality: 1.1 }],
    ['cost_usd', { cost_usd: -1 }],
    ['tokens', { tokens: 1.5 }],
    ['tokens', { tokens: 1e9 + 1 }],
    ['requester', { requester: '' }],
    ['requester', { requester: 'x'.repeat(257) }],
    ['requester', { requester: 7 }],
    ['user', { user: 'somebody' }],
  ])('names %s in the path', (path, change) => {
    const parse = () => parseObservation({ ...valid, ...change });
    expect(parse).toThrow(SecaggError);
    expect(parse).toThrow(expect.objectContaining({ code: 'invalid', details: { path } }));
  });
});

describe('costPerToken', () => {
  it('needs both the cost and a positive number of tokens', () => {
    expect(costPerToken({ cost_usd: 0.00506, tokens: 418 })).toBe(0.00506 / 418);
    expect(costPerToken({ cost_usd: 0, tokens: 1 })).toBe(0);
    expect(costPerToken({ cost_usd: 1 })).toBeUndefined();
    expect(costPerToken({ tokens: 1 })).toBeUndefined();
    expect(costPerToken({ cost_usd: 1, tokens: 0 })).toBeUndefined();
  });
});
