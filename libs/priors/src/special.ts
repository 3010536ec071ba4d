/**
 * Special functions: the normal distribution's Phi, log Gamma, and the beta and gamma distributions with their
 * quantiles.
 */

const SQRT_2PI = Math.sqrt(2 * Math.PI);

export const normalDensity = (x: number): number => Math.exp(-0.5 * x * x) / SQRT_2PI;

const ERFC = [
  -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223,
];

/** Phi(x), relative error below 1.2e-7 in the left tail as well (W. H. Press et al., Numerical Recipes, erfcc). */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * z);
  let series = 0.17087277;
  for (const term of ERFC) series = series * t + term;
  const tail = 0.5 * t * Math.exp(-z * z + series);
  return x < 0 ? tail : 1 - tail;
}

/** log Phi(x), also where Phi underflows. */
export const logNormalCdf = (x: number): number =>
  x > -30 ? Math.log(normalCdf(x)) : -0.5 * x * x - Math.log(-x * SQRT_2PI) + Math.log1p(-1 / (x * x));

/** Mean of a normal variable that is known to be at least 0. Always positive. */
export function meanAtLeastZero(mean: number, standardDeviation: number): number {
  if (!(standardDeviation > 0)) return Math.max(mean, 0);
  const z = mean / standardDeviation;
  // Far below zero, phi/Phi is -z + 1/z and the sum would cancel.
  if (z < -8) return standardDeviation / -z;
  return mean + (standardDeviation * normalDensity(z)) / normalCdf(z);
}

const LANCZOS = [
  76.18009172947147, -86.50532032941678, 24.01409824083091, -1.231739572450155, 0.001208650973866179,
  -0.000005395239384953,
];

/** log Gamma(x) for x > 0 (Lanczos; Press et al., Numerical Recipes, section 6.1). */
export function logGamma(x: number): number {
  const shifted = x + 5.5;
  let sum = 1.000000000190015;
  for (let i = 0; i < LANCZOS.length; i++) sum += LANCZOS[i] / (x + 1 + i);
  return (x + 0.5) * Math.log(shifted) - shifted + Math.log((2.5066282746310007 * sum) / x);
}

/** Continued fraction of the incomplete beta function (Press et al., section 6.4, modified Lentz). */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const held = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / held(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / held(1 + even * d);
    c = held(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / held(1 + odd * d);
    c = held(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return result;
}

/** P(X <= x) for X ~ Beta(a, b). */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** P(X <= x) for X ~ Gamma with this shape and rate (Press et al., section 6.2: series, else continued fraction). */
export function gammaCdf(x: number, shape: number, rate: number): number {
  const y = x * rate;
  if (!(y > 0)) return 0;
  const front = Math.exp(-y + shape * Math.log(y) - logGamma(shape));
  if (y < shape + 1) {
    let term = 1 / shape;
    let sum = term;
    for (let n = 1; n <= 100_000 && term > sum * 1e-14; n++) sum += term *= y / (shape + n);
    return sum * front;
  }
  let b = y + 1 - shape;
  let c = 1e300;
  let d = 1 / b;
  let result = d;
  for (let n = 1; n <= 100_000; n++) {
    const an = -n * (n - shape);
    b += 2;
    d = 1 / (an * d + b || 1e-300);
    c = b + an / c || 1e-300;
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return 1 - front * result;
}

/** The point at which an increasing function reaches a value, in [low, high]. */
function bisect(reached: (x: number) => number, value: number, low: number, high: number): number {
  let [from, to] = [low, high];
  for (let i = 0; i < 100 && to - from > 1e-12 * Math.max(Math.abs(from), 1e-12); i++) {
    const middle = (from + to) / 2;
    if (reached(middle) < value) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}

export const betaQuantile = (share: number, a: number, b: number): number =>
  bisect((x) => betaCdf(x, a, b), share, 0, 1);

export function gammaQuantile(share: number, shape: number, rate: number): number {
  let high = (shape + 1) / rate;
  while (gammaCdf(high, shape, rate) < share) high *= 2;
  return bisect((x) => gammaCdf(x, shape, rate), share, 0, high);
}

export const normalQuantile = (share: number): number => bisect(normalCdf, share, -40, 40);
