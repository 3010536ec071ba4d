import { problemWith } from './exchange';

const request = { bytes: Buffer.from('POST / HTTP/1.1\r\n\r\n'), cut: false };
const problem = (status: number, code: string) => ({
  status,
  type: 'application/problem+json; charset=utf-8',
  body: `{"title":"x","status":${status},"code":"${code}"}`,
});

it.each([
  ['a result', { status: 200, type: '', body: '' }],
  ['a problem with a known code', problem(422, 'invalid')],
])('takes %s', (_name, answer) => {
  expect(problemWith(request, answer)).toBeUndefined();
});

it.each([
  ['an internal error', problem(500, 'internal')],
  ['an unknown code', problem(422, 'whatever')],
  ["the platform's own answer to what is no HTTP", { status: 400, type: '', body: '' }],
  ['a page of the framework', { status: 404, type: 'text/html', body: '<html>' }],
  ['no answer to a whole request', { status: 0, type: '', body: '' }],
])('objects to %s', (_name, answer) => {
  expect(problemWith(request, answer)).toEqual(expect.any(String));
});

it('does not wait for an answer to half a request', () => {
  expect(problemWith({ ...request, cut: true }, { status: 0, type: '', body: '' })).toBeUndefined();
});
