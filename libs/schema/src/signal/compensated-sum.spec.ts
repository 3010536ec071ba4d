import * as fc from 'fast-check';
import { CompensatedSum } from './compensated-sum';
import { WeightedMean } from './weighted-mean';

const sumOf = (terms: readonly number[]): number => {
  const sum = new CompensatedSum();
  terms.forEach((term) => sum.add(term));
  return sum.value;
};

/** Exact sum of multiples of 2^-40, rounded once: the oracle. */
const exactSum = (terms: readonly number[]): number =>
  Number(terms.reduce((sum, term) => sum + BigInt(term * 2 ** 40), 0n)) / 2 ** 40;

describe('CompensatedSum', () => {
  it('keeps what cancellation would lose', () => {
    expect(sumOf([1, 1e100, 1, -1e100])).toBe(2);
    expect(sumOf([])).toBe(0);
  });

  it('is within one rounding of the exact sum of terms of one sign', () => {
    const dyadic = fc
      .tuple(fc.integer({ min: 0, max: 2 ** 30 }), fc.integer({ min: -10, max: 40 }))
      .map(([m, e]) => m * 2 ** -e);
    fc.assert(
      fc.property(fc.array(dyadic, { maxLength: 300 }), (terms) => {
        const exact = exactSum(terms);
        expect(Math.abs(sumOf(terms) - exact)).toBeLessThanOrEqual(exact * Number.EPSILON);
      }),
    );
  });

  it('adds a tenth a million times without drift', () => {
    const sum = new CompensatedSum();
    for (let i = 0; i < 1e6; i++) sum.add(0.1);
    expect(sum.value).toBe(100000);
  });
});

describe('WeightedMean', () => {
  it('stays between the smallest and largest value', () => {
    const pair = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 1e9 }));
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 20 }), (pairs) => {
        const mean = new WeightedMean();
        pairs.forEach(([value, weight]) => mean.add(value, weight));
        const values = pairs.map(([value]) => value);
        expect(mean.mean).toBeGreaterThanOrEqual(Math.min(...values));
        expect(mean.mean).toBeLessThanOrEqual(Math.max(...values));
      }),
    );
  });

  it('has no mean without weight', () => {
    const mean = new WeightedMean();
    expect(mean.mean).toBeUndefined();
    mean.add(0.5, 0);
    expect(mean.mean).toBeUndefined();
  });
});
