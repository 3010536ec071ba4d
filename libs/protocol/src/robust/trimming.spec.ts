import * as fc from 'fast-check';
import { gaussianFrom, uniform } from '@secagg/testbed/random';
import { normalQuantile } from './normal';
import { median } from './spread';
import { trimmedMean, trimmingCost, trimOf } from './trimming';

const gaussian = gaussianFrom(uniform(9));

describe('trimOf', () => {
  it('leaves the middle for the median, and always something to average', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 3, maxLength: 60 }),
        (values) => {
          expect(trimmedMean(values, trimOf('median', values.length))).toBeCloseTo(median(values), 6);
          const trim = trimOf('trimmed-mean', values.length);
          expect(trim).toBeGreaterThanOrEqual(1);
          expect(2 * trim).toBeLessThan(values.length);
        },
      ),
    );
  });

  it('cuts two of 11 at each end', () => {
    expect(trimOf('trimmed-mean', 11)).toBe(2);
    expect(trimmedMean([1e9, 1, 2, 3, 4, 5, 6, 7, 8, -1e9, 1e9], 2)).toBeCloseTo((2 + 3 + 4 + 5 + 6 + 7 + 8) / 7, 12);
  });
});

it('a trimmed mean stays between the sound values while no more are spoiled than are cut off', () => {
  const value = fc.double({ noNaN: true, min: -1e9, max: 1e9 });
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 40 }),
      fc.constantFrom('median' as const, 'trimmed-mean' as const),
      fc.array(value, { minLength: 40, maxLength: 40 }),
      (n, combination, wild) => {
        const trim = trimOf(combination, n);
        const sound = Array.from({ length: n - trim }, (_, i) => i);
        const result = trimmedMean([...wild.slice(0, trim), ...sound], trim);
        expect(result).toBeGreaterThanOrEqual(0);
        expect(result).toBeLessThanOrEqual(n - trim - 1);
      },
    ),
  );
});

describe('trimmingCost', () => {
  it('is that of the mean without trimming, and pi/2 for the median of many', () => {
    expect(trimmingCost(20, 0, 0)).toEqual({
      variance: expect.closeTo(1, 9) as number,
      shift: expect.closeTo(0, 9) as number,
    });
    expect(trimmingCost(2001, 1000, 0).variance).toBeCloseTo(Math.PI / 2, 2);
  });

  it('shifts the median of many by the largest bias of Huber (1964)', () => {
    for (const spoiled of [100, 300, 450])
      expect(trimmingCost(1001, 500, spoiled).shift).toBeCloseTo(normalQuantile(1 / (2 * (1 - spoiled / 1001))), 2);
  });

  it.each([
    [11, 5, 0],
    [11, 5, 1],
    [11, 5, 3],
    [11, 5, 5],
    [11, 2, 0],
    [11, 2, 1],
    [11, 2, 2],
    [10, 4, 2],
    [5, 2, 1],
    [31, 7, 4],
  ])('agrees with simulated normal groups: %d of which %d are cut at each end and %d spoiled', (n, trim, spoiled) => {
    const results = Array.from({ length: 20000 }, () =>
      trimmedMean(
        [...Array.from({ length: n - spoiled }, gaussian), ...Array.from({ length: spoiled }, () => 1e9)],
        trim,
      ),
    );
    const mean = results.reduce((a, b) => a + b, 0) / results.length;
    const variance = results.reduce((a, b) => a + (b - mean) ** 2, 0) / results.length;
    const cost = trimmingCost(n, trim, spoiled);
    // Asymptotic in the number of groups: for few, the shift is on the safe side by up to a fifth.
    expect(cost.shift).toBeGreaterThan(mean - 0.02);
    expect(cost.shift).toBeLessThan(1.2 * mean + 0.03);
    expect(Math.sqrt(cost.variance / (n - spoiled))).toBeGreaterThan(0.9 * Math.sqrt(variance));
    expect(Math.sqrt(cost.variance / (n - spoiled))).toBeLessThan(1.15 * Math.sqrt(variance));
  });
});
