/** Centre and spread that a minority of groups cannot carry away. */

/** Median of at least one value. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export interface Spread {
  /** Estimate of the standard deviation. */
  readonly value: number;
  /** Degrees of freedom of a standard deviation that would be known as well. */
  readonly degrees: number;
}

/** For this many values and fewer the better estimator is worth its n^2 pairs. */
const MAX_PAIRED = 64;

/** Makes Qn unbiased for n = 2 to 9 normal values. */
const SMALL = [0.399, 0.994, 0.512, 0.844, 0.611, 0.857, 0.669, 0.872];

/**
 * Standard deviation of n >= 2 values of which fewer than half may be anything.
 *
 * Up to 64 values: Qn of Rousseeuw and Croux (J. Am. Stat. Assoc. 88, 1993), the k-th smallest of all distances between
 * two values, k = h(h-1)/2, h = floor(n/2)+1, with the finite-sample factors of Croux and Rousseeuw (1992). Beyond: the
 * median absolute deviation. Both break down at half of the values, but of 11 normal values Qn knows as much as 6.1
 * degrees of freedom do, the median absolute deviation 3.7, and with few groups that decides how far a standard error
 * can be believed. The degrees of freedom are fits (within 15%) to the variance of the estimators over simulated normal
 * samples.
 */
export function spread(values: readonly number[]): Spread {
  const n = values.length;
  if (n > MAX_PAIRED) {
    const centre = median(values);
    return {
      value: (1.4826 * n * median(values.map((value) => Math.abs(value - centre)))) / (n - 0.8),
      degrees: 0.35 * n,
    };
  }
  const distances = new Float64Array((n * (n - 1)) / 2);
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < i; j++) distances[at++] = Math.abs(values[i] - values[j]);
  distances.sort();
  const half = (n >> 1) + 1;
  const factor = n < 10 ? SMALL[n - 2] : n / (n + (n % 2 === 1 ? 1.4 : 3.8));
  return { value: 2.2219 * factor * distances[(half * (half - 1)) / 2 - 1], degrees: Math.max(0.8, 0.7 * n - 1.6) };
}
