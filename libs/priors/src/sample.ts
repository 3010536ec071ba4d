/** Draws from the distributions of priors, for Thompson sampling. */

/** @returns a number in [0, 1) */
export type Random = () => number;

const gaussian = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** G. Marsaglia, W. W. Tsang, ACM Transactions on Mathematical Software 26, 2000. */
export function sampleGamma(shape: number, rate: number, random: Random): number {
  // Of a shape below 1: one higher, times a power of a uniform number.
  if (shape < 1) return sampleGamma(shape + 1, rate, random) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = gaussian(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return (d * v) / rate;
  }
}

export function sampleBeta(alpha: number, beta: number, random: Random): number {
  const a = sampleGamma(alpha, 1, random);
  const sum = a + sampleGamma(beta, 1, random);
  return sum > 0 ? a / sum : alpha / (alpha + beta);
}
