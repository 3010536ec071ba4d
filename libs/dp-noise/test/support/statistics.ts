/** Statistics for tests, written for clarity and checked against tables in statistics.spec.ts. */

/** ln Gamma(x) for x > 0: Lanczos approximation, about 1e-14 relative. */
export function lnGamma(x: number): number {
  const coefficients = [
    676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
    -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const z = x - 1;
  const base = z + 7.5;
  const sum = coefficients.reduce((total, coefficient, i) => total + coefficient / (z + i + 1), 0.99999999999980993);
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(base) - base + Math.log(sum);
}

/** Pr[X >= statistic] for a chi-square variable: regularised incomplete gamma by series or continued fraction. */
export function chiSquareTail(statistic: number, degrees: number): number {
  const [a, x] = [degrees / 2, statistic / 2];
  const front = Math.exp(a * Math.log(x) - x - lnGamma(a));
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let n = 1; term > sum * 1e-17; n++) sum += term *= x / (a + n);
    return 1 - front * sum;
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 10_000; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * h;
}

/** Pr[K >= k] for a binomial variable; terms follow from one another, from the k-th on. */
function binomialUpperTail(k: number, n: number, p: number): number {
  let term = Math.exp(
    lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p),
  );
  let sum = 0;
  for (let i = k; i <= n && (i <= n * p || term > sum * 1e-16); i++) {
    sum += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return Math.min(1, sum);
}

/** One-sided Clopper-Pearson bounds: the true chance is above `lower` (below `upper`) except with chance `alpha`. */
export function clopperPearsonLower(k: number, n: number, alpha: number): number {
  if (k === 0) return 0;
  let [low, high] = [0, k / n];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (binomialUpperTail(k, n, middle) < alpha) low = middle;
    else high = middle;
  }
  return low;
}

export function clopperPearsonUpper(k: number, n: number, alpha: number): number {
  return 1 - clopperPearsonLower(n - k, n, alpha);
}
