import fc from 'fast-check';
import { RequestSums, type RequestLimits } from './request-sums';

const hashKey = new Uint8Array(32).fill(7);
const FIELDS = 3;
const KEYS = 4;

const request = fc.record({
  requester: fc.option(fc.constantFrom('ann', 'bob', 'cy'), { nil: undefined }),
  key: fc.integer({ min: 0, max: KEYS - 1 }),
  values: fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: FIELDS, maxLength: FIELDS }),
});
type Request = { requester: string | undefined; key: number; values: number[] };

function sumsOf(requests: Request[], limits: RequestLimits): Float64Array {
  const accumulator = new RequestSums(limits, hashKey);
  for (const { requester, key, values } of requests) accumulator.add(requester, key * FIELDS, Float64Array.from(values));
  return accumulator.sums;
}

describe('RequestSums', () => {
  it('moves by at most the bound when the values of one request become zero', () => {
    const limits = fc.record({
      dimension: fc.constant(FIELDS * KEYS),
      bound: fc.integer({ min: 1, max: 8000 }),
      requestsPerRequester: fc.integer({ min: 1, max: 4 }),
      maxRequests: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 25 }), fc.nat(), limits, (requests, at, limit) => {
        const index = at % requests.length;
        const neighbour = requests.map((one, i) => (i === index ? { ...one, values: one.values.map(() => 0) } : one));
        const other = sumsOf(neighbour, limit);
        const distance2 = sumsOf(requests, limit).reduce((sum, x, i) => sum + (x - other[i]!) ** 2, 0);
        expect(distance2).toBeLessThanOrEqual(limit.bound ** 2);
      }),
      { numRuns: 300 },
    );
  });

  it('takes at most c requests of a requester and its maximum altogether', () => {
    const sums = new RequestSums({ dimension: 1, bound: 100, requestsPerRequester: 2, maxRequests: 5 }, hashKey);
    const add = (requester: string | undefined, value: number): string => sums.add(requester, 0, Float64Array.of(value));
    expect(['ann', 'ann', 'ann', 'bob', undefined, undefined, 'cy'].map((requester) => add(requester, 1))).toEqual([
      'added', 'added', 'requester_limit', 'added', 'added', 'added', 'round_limit',
    ]);
    expect(sums.sums[0]).toBe(5);
  });

  it('says when a request was scaled down', () => {
    const sums = new RequestSums({ dimension: 2, bound: 5, requestsPerRequester: 1, maxRequests: 2 }, hashKey);
    expect(sums.add('ann', 0, Float64Array.of(30, 40))).toBe('clipped');
    expect(sums.sums).toEqual(Float64Array.of(3, 4));
  });

  it('keeps the slot of a request that cannot be read', () => {
    const sums = new RequestSums({ dimension: 2, bound: 5, requestsPerRequester: 1, maxRequests: 9 }, hashKey);
    expect(() => sums.add('ann', 1, Float64Array.of(1, 1))).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => sums.add('bob', 0, Float64Array.of(0.5))).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(sums.add('ann', 0, Float64Array.of(1))).toBe('requester_limit');
    expect(sums.sums).toEqual(Float64Array.of(0, 0));
  });

  it('holds no requester id', () => {
    const sums = new RequestSums({ dimension: 1, bound: 5, requestsPerRequester: 1, maxRequests: 9 }, hashKey);
    sums.add('alice@example.com', 0, Float64Array.of(1));
    const held = JSON.stringify(sums, (_, value: unknown) => (value instanceof Map ? [...value] : value));
    expect(held).toMatch(/[A-Za-z0-9+/]{43}=/);
    expect(held).not.toContain('alice');
  });

  it('refuses limits out of range', () => {
    const valid = { dimension: 1, bound: 5, requestsPerRequester: 1, maxRequests: 9 };
    for (const change of [{ dimension: 0 }, { bound: 0 }, { requestsPerRequester: 0 }, { maxRequests: 1.5 }, { bound: 2 ** 40, maxRequests: 2 ** 20 }]) {
      expect(() => new RequestSums({ ...valid, ...change }, hashKey)).toThrow(expect.objectContaining({ code: 'invalid' }));
    }
    expect(() => new RequestSums(valid, new Uint8Array(8))).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});
