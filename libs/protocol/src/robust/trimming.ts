/** The trimmed mean, of which the median is the extreme, and what its robustness costs. */
import { type Combination } from '@secagg/schema';
import { normalDensity, normalQuantile } from './normal';

/**
 * How many of n >= 3 groups are cut off at each end: all but the middle one or two (`median`), or a quarter of the
 * others, at least one (`trimmed-mean`). As many spoiled groups are withstood.
 */
export const trimOf = (combination: Exclude<Combination, 'sum'>, n: number): number =>
  combination === 'median' ? Math.floor((n - 1) / 2) : Math.max(1, Math.floor((n - 1) / 4));

/** Mean of the values left when the `trim` smallest and the `trim` largest are cut off; 2 trim < n. */
export function trimmedMean(values: readonly number[], trim: number): number {
  const kept = [...values].sort((a, b) => a - b).slice(trim, values.length - trim);
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
}

export interface TrimmingCost {
  /**
   * Variance of the trimmed mean times the number of sound groups, in units of a group's variance. 1: as good as the
   * mean.
   */
  readonly variance: number;
  /** Largest shift of its expectation, in standard deviations of a group. */
  readonly shift: number;
}

/** x * p(x) for a product whose factor p vanishes at infinity. */
const edge = (x: number, p: number): number => (p === 0 ? 0 : x * p);

/**
 * What a trimmed mean of n groups costs when k <= trim of them are spoiled and the m = n - k others are normal.
 *
 * The worst that k values can do is to stand all at one end. There they are cut off, with only trim - k sound values
 * beside them, and of the sound ones those between the quantiles a = trim/m and b = 1 - (trim-k)/m are averaged. With
 * Phi(x_a) = a, Phi(x_b) = b that mean is (phi(x_a) - phi(x_b)) / (b - a): the shift. Its variance is that of the
 * values winsorised at x_a and x_b over (b-a)^2 m (Stigler 1973, Ann. Statist. 1, 472; for k = 0 Tukey and McLaughlin
 * 1963). For the median (a and b close together) the shift becomes Phi^-1(1/(2(1-k/n))), the largest bias of the median
 * (Huber 1964, Ann. Math. Statist. 35, 73, section 5), and for k = 0 the variance pi/2, a standard error 1.2533 times
 * that of the mean. For 5 of 11 spoiled the shift is 1.50 (exactly, the mean of the largest of 6 normal values: 1.27).
 */
export function trimmingCost(n: number, trim: number, spoiled: number): TrimmingCost {
  const sound = n - spoiled;
  const a = trim / sound;
  const b = 1 - (trim - spoiled) / sound;
  const [x, y] = [normalQuantile(a), normalQuantile(b)];
  const [fx, fy] = [normalDensity(x), normalDensity(y)];
  const mean = edge(x, a) + fx - fy + edge(y, 1 - b);
  const square = edge(x * x, a) + (b - a) + edge(x, fx) - edge(y, fy) + edge(y * y, 1 - b);
  return { variance: (square - mean * mean) / (b - a) ** 2, shift: Math.max(0, (fx - fy) / (b - a)) };
}
