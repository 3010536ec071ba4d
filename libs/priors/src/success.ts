/** Posterior of the chance of success (docs/priors.md, "Success"). */
import { type NoisyRatio } from './evidence';
import { isExact, noisyLogLikelihood, probableCount } from './likelihood';
import { type Moments, momentsOf } from './moments';
import { type PriorOptions } from './options';

export interface Beta {
  readonly alpha: number;
  readonly beta: number;
}

/** What neither parameter goes below. */
export const LEAST_PARAMETER = 0.01;

type Options = Pick<PriorOptions, 'prior_alpha' | 'prior_beta' | 'max_mass'>;

/**
 * @param exact requests that are known without noise
 * @param noisy pooled sums of rounds
 */
export function successPosterior(
  exact: { readonly count: number; readonly sum: number },
  noisy: NoisyRatio | undefined,
  options: Options,
): Beta {
  const known = noisy && isExact(noisy) ? noisy : { count: 0, sum: 0 };
  const sum = Math.max(0, exact.sum + known.sum);
  const alpha = options.prior_alpha + sum;
  const beta = options.prior_beta + Math.max(0, exact.count + known.count - sum);
  return noisy && !isExact(noisy) ? withNoise(alpha, beta, noisy) : { alpha, beta };
}

function withNoise(alpha: number, beta: number, noisy: NoisyRatio): Beta {
  const requests = probableCount(noisy);
  const posterior = momentsOf(
    (p) =>
      (alpha - 1) * Math.log(p) + (beta - 1) * Math.log1p(-p) + noisyLogLikelihood(noisy, requests, p, p * (1 - p)),
    0,
    1,
  );
  return betaOf(posterior);
}

/** The distribution with these moments, for a density on [0, 1]. */
export function betaOf({ mean: exact, variance }: Moments): Beta {
  const mean = Math.min(Math.max(exact, 1e-12), 1 - 1e-12);
  const mass = Math.max((mean * (1 - mean)) / variance - 1, Number.MIN_VALUE);
  return { alpha: mean * mass, beta: (1 - mean) * mass };
}

/** With alpha + beta at most `maxMass`, and both positive whatever came in. */
export function capped({ alpha, beta }: Beta, maxMass: number): Beta {
  const mass = alpha + beta;
  if (!(mass > 0 && mass < Infinity)) return { alpha: 1, beta: 1 };
  const scale = Math.min(1, maxMass / mass);
  const held = (value: number): number => Math.min(Math.max(value * scale, LEAST_PARAMETER), maxMass - LEAST_PARAMETER);
  return { alpha: held(alpha), beta: held(beta) };
}
