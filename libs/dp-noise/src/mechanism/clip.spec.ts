import fc from 'fast-check';
import { clipToL2Ball, MAX_CLIP_MAGNITUDE } from './clip';

const squaredNorm = (vector: Iterable<number>): bigint => [...vector].reduce((sum, x) => sum + BigInt(x) ** 2n, 0n);

const magnitude = fc.oneof(
  fc.constant(10),
  fc.constant(2 ** 20),
  fc.constant(2 ** 27),
  fc.constant(MAX_CLIP_MAGNITUDE),
);
const vectorAndBound = magnitude.chain((largest) =>
  fc.record({
    vector: fc
      .array(fc.integer({ min: -largest, max: largest }), { maxLength: 40 })
      .map((values) => Float64Array.from(values, (x) => x + 0)),
    bound: fc.integer({ min: 1, max: Math.min(2 * largest, MAX_CLIP_MAGNITUDE) }),
  }),
);

describe('clipToL2Ball', () => {
  it('ends inside the ball, exactly, without turning or growing anything', () => {
    fc.assert(
      fc.property(vectorAndBound, ({ vector, bound }) => {
        const before = vector.slice();
        const clipped = clipToL2Ball(vector, bound);
        expect(clipped).toBe(squaredNorm(before) > BigInt(bound) ** 2n);
        if (!clipped) return expect(vector).toEqual(before);
        expect(squaredNorm(vector)).toBeLessThanOrEqual(BigInt(bound) ** 2n);
        vector.forEach((y, i) => {
          const x = before[i];
          expect(Number.isInteger(y) && !Object.is(y, -0)).toBe(true);
          expect(Math.sign(y) === Math.sign(x) || y === 0).toBe(true);
          // floor(|x| C / L) with L = ceil(norm): checked by its defining inequalities, in integers.
          const [ax, ay] = [BigInt(Math.abs(x)), BigInt(Math.abs(y))];
          const norm2 = squaredNorm(before);
          // ay <= ax C / norm, and ay + 1 > ax C / (norm + 1).
          expect(ay * ay * norm2).toBeLessThanOrEqual(ax * ax * BigInt(bound) ** 2n);
          expect(
            (ay + 1n) * (norm2 + 2n * BigInt(Math.ceil(Math.sqrt(Number(norm2)) * (1 + 1e-15))) + 1n) * (ay + 1n),
          ).toBeGreaterThan(ax * ax * BigInt(bound) ** 2n);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('decides at the boundary where doubles cannot', () => {
    // 3-4-5 and its multiples lie exactly on the sphere.
    for (const unit of [1, 12345, 2 ** 25, 2 ** 26 + 1, 2 ** 40 + 1, 28147497671065]) {
      const onSphere = Float64Array.of(3 * unit, -4 * unit);
      expect(clipToL2Ball(onSphere, 5 * unit)).toBe(false);
      expect(onSphere).toEqual(Float64Array.of(3 * unit, -4 * unit));
      const outside = Float64Array.of(3 * unit, -4 * unit, 1);
      expect(clipToL2Ball(outside, 5 * unit)).toBe(true);
      expect(squaredNorm(outside)).toBeLessThanOrEqual(BigInt(5 * unit) ** 2n);
      // Scaled by less than one unit in the norm.
      expect(outside[0]).toBeGreaterThanOrEqual(3 * unit - 2);
    }
  });

  it('clips long vectors of the largest values', () => {
    const vector = new Float64Array(2000).fill(MAX_CLIP_MAGNITUDE);
    expect(clipToL2Ball(vector, MAX_CLIP_MAGNITUDE)).toBe(true);
    expect(squaredNorm(vector)).toBeLessThanOrEqual(BigInt(MAX_CLIP_MAGNITUDE) ** 2n);
    expect(vector[0]).toBe(Math.floor(MAX_CLIP_MAGNITUDE / Math.sqrt(2000)));
  });

  it('leaves nothing of a vector the bound cannot resolve', () => {
    const vector = Float64Array.of(-1, 1, 1);
    expect(clipToL2Ball(vector, 1)).toBe(true);
    expect(vector).toEqual(Float64Array.of(0, 0, 0));
    expect(clipToL2Ball(new Float64Array(0), 1)).toBe(false);
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(vectorAndBound, ({ vector, bound }) => {
        clipToL2Ball(vector, bound);
        expect(clipToL2Ball(vector, bound)).toBe(false);
      }),
    );
  });

  it('refuses what is not an integer in range and leaves it alone', () => {
    for (const bad of [0.5, NaN, Infinity, MAX_CLIP_MAGNITUDE + 1, -MAX_CLIP_MAGNITUDE - 1]) {
      const vector = Float64Array.of(1000, bad);
      expect(() => clipToL2Ball(vector, 1)).toThrow(expect.objectContaining({ code: 'invalid' }));
      expect(vector[0]).toBe(1000);
    }
    for (const bound of [0, -1, 0.5, NaN, MAX_CLIP_MAGNITUDE + 1]) {
      expect(() => clipToL2Ball(Float64Array.of(1), bound)).toThrow(expect.objectContaining({ code: 'invalid' }));
    }
  });
});
