/** Posteriors of a mean latency, cost and quality (docs/priors.md, "Latency and cost", "Quality"). */
import { type NoisyRatio } from './evidence';
import { isExact, noisyLogLikelihood, probableCount } from './likelihood';
import { type Moments, momentsOf } from './moments';
import { type Summary } from './own';

/** Requests for which the assumed variation counts beside that of the router's own. */
const VARIATION_REQUESTS = 10;
/** How far below its bound a latency or cost may lie. */
const RANGE = 1e-4;

/** Squared ratio of standard deviation and mean of one request, from the router's own where there are enough. */
export function squaredVariation({ count, sum, squares }: Summary, assumed: number): number {
  const mean = sum / count;
  const own = count > 1 && mean > 0 ? Math.max(0, squares / count - mean * mean) / (mean * mean) : 0;
  const weight = count > 1 && mean > 0 ? count : 0;
  return (weight * own + VARIATION_REQUESTS * assumed * assumed) / (weight + VARIATION_REQUESTS);
}

/**
 * Mean of a positive quantity whose standard deviation is in proportion to it.
 * @param own the router's own requests, each weighed
 * @param bound largest value of one request in the rounds
 */
export function positiveMeanPosterior(
  own: Summary,
  noisy: NoisyRatio | undefined,
  { bound, variation }: { readonly bound: number; readonly variation: number },
): Moments {
  const squared = squaredVariation(own, variation);
  const known = noisy && isExact(noisy) ? noisy : { count: 0, sum: 0 };
  const count = own.count + known.count;
  const sum = Math.max(0, own.sum + known.sum);
  const uncertain = noisy && !isExact(noisy) ? noisy : undefined;
  const requests = uncertain ? probableCount(uncertain) : 0;
  // What the router measured itself may lie past the bound of the rounds.
  const high = Math.max(bound, count > 0 ? (10 * sum) / count : 0);
  return momentsOf(
    (log) => {
      const mean = Math.exp(log);
      const exact = count > 0 ? -(count / squared) * (log + sum / (count * mean)) : 0;
      const noise = uncertain ? noisyLogLikelihood(uncertain, requests, mean, squared * mean * mean) : 0;
      return exact + noise;
    },
    Math.log(high * RANGE),
    Math.log(high),
    Math.exp,
  );
}

/** Mean of scores in [0, 1], whose variance is at most that of a coin with the same mean. */
export function scorePosterior(own: Summary, noisy: NoisyRatio | undefined): Moments {
  const known = noisy && isExact(noisy) ? noisy : { count: 0, sum: 0 };
  const count = own.count + known.count;
  const sum = Math.min(Math.max(0, own.sum + known.sum), count);
  const uncertain = noisy && !isExact(noisy) ? noisy : undefined;
  const requests = uncertain ? probableCount(uncertain) : 0;
  return momentsOf(
    (mean) =>
      sum * Math.log(mean) +
      (count - sum) * Math.log1p(-mean) +
      (uncertain ? noisyLogLikelihood(uncertain, requests, mean, mean * (1 - mean)) : 0),
    0,
    1,
  );
}
