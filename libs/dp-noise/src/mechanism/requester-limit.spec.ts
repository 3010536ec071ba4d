import fc from 'fast-check';
import { clipToL2Ball } from './clip';
import { RequesterLimit, type RequestLimits } from './requester-limit';

const hashKey = new Uint8Array(32).fill(7);
const FIELDS = 3;
const KEYS = 4;

const request = fc.record({
  requester: fc.option(fc.constantFrom('ann', 'bob', 'cy'), { nil: undefined }),
  key: fc.integer({ min: 0, max: KEYS - 1 }),
  values: fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: FIELDS, maxLength: FIELDS }),
});
type Request = { requester: string | undefined; key: number; values: number[] };

/** What a router sends: admission, clipping, sum. */
function sumsOf(requests: Request[], limits: RequestLimits, bound: number): Float64Array {
  const limit = new RequesterLimit(limits, hashKey);
  const sums = new Float64Array(FIELDS * KEYS);
  for (const { requester, key, values } of requests) {
    if (limit.take(requester) !== undefined) continue;
    const clipped = Float64Array.from(values);
    clipToL2Ball(clipped, bound);
    clipped.forEach((value, field) => (sums[key * FIELDS + field] += value));
  }
  return sums;
}

const distance2 = (one: Float64Array, other: Float64Array): number =>
  one.reduce((sum, x, i) => sum + (x - other[i]) ** 2, 0);

describe('RequesterLimit', () => {
  const limits = fc.record({
    requestsPerRequester: fc.integer({ min: 1, max: 4 }),
    maxRequests: fc.integer({ min: 1, max: 30 }),
  });

  it('keeps the sensitivity at the clipping bound when the values of one request become zero', () => {
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 1, maxLength: 25 }),
        fc.nat(),
        limits,
        fc.integer({ min: 1, max: 8000 }),
        (requests, at, limit, bound) => {
          const index = at % requests.length;
          const neighbour = requests.map((one, i) => (i === index ? { ...one, values: one.values.map(() => 0) } : one));
          expect(distance2(sumsOf(requests, limit, bound), sumsOf(neighbour, limit, bound))).toBeLessThanOrEqual(
            bound ** 2,
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps that of a whole requester at c times the bound', () => {
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 1, maxLength: 25 }),
        limits,
        fc.integer({ min: 1, max: 8000 }),
        (requests, limit, bound) => {
          const neighbour = requests.map((one) =>
            one.requester === 'ann' ? { ...one, values: one.values.map(() => 0) } : one,
          );
          expect(distance2(sumsOf(requests, limit, bound), sumsOf(neighbour, limit, bound))).toBeLessThanOrEqual(
            (limit.requestsPerRequester * bound) ** 2,
          );
        },
      ),
    );
  });

  it('takes at most c requests of a requester and its maximum altogether', () => {
    const limit = new RequesterLimit({ requestsPerRequester: 2, maxRequests: 5 }, hashKey);
    expect(['ann', 'ann', 'ann', 'bob', undefined, undefined, 'cy'].map((requester) => limit.take(requester))).toEqual([
      undefined,
      undefined,
      'requester_limit',
      undefined,
      undefined,
      undefined,
      'round_limit',
    ]);
  });

  it('holds no requester id', () => {
    const limit = new RequesterLimit({ requestsPerRequester: 1, maxRequests: 9 }, hashKey);
    limit.take('alice@example.com');
    const held = JSON.stringify(limit, (_, value: unknown) => (value instanceof Map ? [...value] : value));
    expect(held).toMatch(/[A-Za-z0-9+/]{43}=/);
    expect(held).not.toContain('alice');
  });

  it('refuses limits out of range', () => {
    for (const limit of [
      { requestsPerRequester: 0, maxRequests: 9 },
      { requestsPerRequester: 1, maxRequests: 1.5 },
    ]) {
      expect(() => new RequesterLimit(limit, hashKey)).toThrow(expect.objectContaining({ code: 'invalid' }));
    }
    expect(() => new RequesterLimit({ requestsPerRequester: 1, maxRequests: 9 }, new Uint8Array(8))).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
  });
});
