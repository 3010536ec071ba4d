/** What noisy sums say of a mean (docs/priors.md, "Noisy sums"). */
import { type NoisyRatio } from './evidence';
import { logNormalCdf, meanAtLeastZero } from './special';

/** Sums of several rounds, each with its weight. */
export function pooled(parts: readonly { readonly ratio: NoisyRatio; readonly weight: number }[]): NoisyRatio {
  const total = { sum: 0, count: 0, sumVariance: 0, countVariance: 0, covariance: 0 };
  for (const { ratio, weight } of parts)
    for (const name of Object.keys(total) as (keyof NoisyRatio)[]) total[name] += weight * ratio[name];
  return total;
}

/** Without noise and, but for rounding, a possible sum. */
export const isExact = ({ sumVariance, countVariance }: NoisyRatio): boolean =>
  sumVariance === 0 && countVariance === 0;

/** Requests that are probably behind it, knowing that there are not less than none. */
export const probableCount = ({ count, countVariance }: NoisyRatio): number =>
  meanAtLeastZero(count, Math.sqrt(countVariance));

/**
 * Prior weight of there being no requests at all, beside a flat prior from 0 up: as much as the flat one has over so
 * many standard deviations of the noise. Without it, noise about nothing would be read as a mean.
 */
const NONE_AT_ALL = 4;

/**
 * Log-likelihood of a mean, the unknown number of requests integrated out.
 * @param variance of one request, at this mean
 */
export function noisyLogLikelihood(ratio: NoisyRatio, requests: number, mean: number, variance: number): number {
  const { sum, count, countVariance, covariance } = ratio;
  const sumVariance = ratio.sumVariance + requests * variance;
  const spread = sumVariance - 2 * mean * covariance + mean * mean * countVariance;
  const off = sum - mean * count;
  const atMean = -0.5 * ((off * off) / spread + Math.log(2 * Math.PI * spread));
  const determinant = sumVariance * countVariance - covariance * covariance;
  if (!(determinant > 0)) return atMean;
  const likelyCount =
    (mean * (countVariance * sum - covariance * count) + (sumVariance * count - covariance * sum)) / spread;
  const some = atMean + logNormalCdf(likelyCount / Math.sqrt(determinant / spread));
  return logSum(some, logOfNone(ratio));
}

/** Noise alone: the same whatever the mean is. */
function logOfNone({ sum, count, sumVariance, countVariance, covariance }: NoisyRatio): number {
  const determinant = sumVariance * countVariance - covariance * covariance;
  if (!(determinant > 0)) return -Infinity;
  const distance =
    (countVariance * sum * sum - 2 * covariance * sum * count + sumVariance * count * count) / determinant;
  return (
    Math.log(NONE_AT_ALL * Math.sqrt(countVariance)) - Math.log(2 * Math.PI * Math.sqrt(determinant)) - 0.5 * distance
  );
}

function logSum(a: number, b: number): number {
  const high = Math.max(a, b);
  if (high === -Infinity) return high;
  return high + Math.log1p(Math.exp(Math.min(a, b) - high));
}
