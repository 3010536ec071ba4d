import * as fc from 'fast-check';
import { gaussianFrom, uniform } from '@secagg/testbed/random';
import { median, spread } from './spread';

const gaussian = gaussianFrom(uniform(8));
const sample = (n: number): number[] => Array.from({ length: n }, gaussian);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

it('the median has as many values below as above, in any order', () => {
  expect(median([3])).toBe(3);
  expect(median([4, 1])).toBe(2.5);
  expect(median([5, -1, 100])).toBe(5);
});

it.each([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 20, 64, 65, 101])(
  'is right on average for %d normal values, and as uncertain as it says',
  (n) => {
    const trials = n > 30 ? 600 : 6000;
    const estimates = Array.from({ length: trials }, () => spread(sample(n)));
    const values = estimates.map(({ value }) => value);
    const average = mean(values);
    expect(Math.abs(average - 1)).toBeLessThan(0.04);
    // A standard deviation with nu degrees of freedom has a relative variance of about 1 / (2 nu).
    const variance = mean(values.map((value) => (value / average - 1) ** 2));
    const ratio = 1 / (2 * variance) / estimates[0].degrees;
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.5);
  },
);

it('does not depend on where the values lie, and grows with them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 80 }),
      fc.integer({ min: -1000, max: 1000 }),
      (values, shift) => {
        expect(spread(values.map((value) => value + shift)).value).toBeCloseTo(spread(values).value, 9);
        expect(spread(values.map((value) => -3 * value)).value).toBeCloseTo(3 * spread(values).value, 6);
      },
    ),
  );
});

it('a minority of values cannot carry it away, whatever they are', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 90 }),
      fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true }), { minLength: 44, maxLength: 44 }),
      (n, wild) => {
        const bad = Math.floor((n - 1) / 2);
        const sound = Array.from({ length: n - bad }, (_, i) => Math.cos(i));
        expect(spread([...sound, ...wild.slice(0, bad)]).value).toBeLessThan(30);
      },
    ),
  );
});
