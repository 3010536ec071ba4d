/** The binomial distribution. */

/** P(X >= x) for X binomial with n trials of probability p; 0 <= x <= n integers, p in [0, 1]. */
export function binomialUpperTail(x: number, n: number, p: number): number {
  if (x <= 0) return 1;
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  // Towards the mean the first term would vanish beside the sum; the other end has no more than 1 to lose.
  if (x < n * p) return 1 - binomialUpperTail(n - x + 1, n, 1 - p);
  let log = x * Math.log(p) + (n - x) * Math.log1p(-p);
  for (let i = 0; i < x; i++) log += Math.log((n - i) / (i + 1));
  let term = Math.exp(log);
  let sum = 0;
  for (let k = x; k <= n; k++) {
    sum += term;
    term *= ((n - k) / (k + 1)) * (p / (1 - p));
  }
  return Math.min(1, sum);
}
