/**
 * zCDP of a sum of discrete Gaussian shares: Kairouz, Liu, Steinke, "The Distributed Discrete Gaussian Mechanism for
 * Federated Learning with Secure Aggregation" (2021); the formulas of docs/privacy.md.
 *
 * A sum of N discrete Gaussians of scale s is not a discrete Gaussian of scale sqrt(N) s, but within exp(+-tau) of one.
 */
import { DpNoiseError } from '../errors';

export interface SumOfShares {
  /** N: honest contributions in the sum, at least 1. */
  readonly contributors: number;
  /** s: standard deviation of one share, in integer units; any real from 1/2. */
  readonly scale: number;
  /** Delta_2: L2 sensitivity in integer units, positive. */
  readonly sensitivity: number;
  /** d: length of the vector, at least 1. */
  readonly dimension: number;
}

export interface SumPrivacy {
  /** Largest log ratio to the discrete Gaussian of the same variance, per coordinate. */
  readonly tau: number;
  /** The sum is rho-zCDP. */
  readonly rho: number;
}

/**
 * Above this share of rho caused by tau, the noise is too coarse for its grid and the figure is refused (s below about
 * 1).
 */
export const LARGEST_TAU_SHARE = 0.01;

/** Least standard deviation of one share: the theorem on sums of discrete Gaussians holds from there on. */
export const LEAST_SCALE = 0.5;

/** tau = 10 sum over k = 1..N-1 of exp(-2 pi^2 s^2 k/(k+1)); 0 for N = 1. */
export function tauOfSum(contributors: number, scale: number): number {
  const exponent = -2 * Math.PI * Math.PI * scale * scale;
  let tau = 0;
  for (let k = contributors - 1; k >= 1; k--) tau += Math.exp((exponent * k) / (k + 1));
  return 10 * tau;
}

const assertPositive = (name: string, value: number, integer: boolean): void => {
  if (value > 0 && Number.isFinite(value) && (!integer || Number.isSafeInteger(value))) return;
  throw new DpNoiseError('invalid', `${name} must be a positive ${integer ? 'integer' : 'number'}`, { [name]: value });
};

function assertSum({ contributors, scale, sensitivity, dimension }: SumOfShares): void {
  assertPositive('contributors', contributors, true);
  assertPositive('scale', scale, false);
  assertPositive('sensitivity', sensitivity, false);
  assertPositive('dimension', dimension, true);
  if (scale < LEAST_SCALE)
    throw new DpNoiseError(
      'noise_too_narrow',
      `The noise of one share has a standard deviation of ${scale}, below ${LEAST_SCALE}: nothing is proven of such sums`,
      { scale, least: LEAST_SCALE },
    );
}

interface Bound extends SumPrivacy {
  readonly negligible: boolean;
}

function boundOf({ contributors, scale, sensitivity, dimension }: SumOfShares): Bound {
  const tau = tauOfSum(contributors, scale);
  const u = sensitivity / (Math.sqrt(contributors) * scale);
  const gaussian = (u * u) / 2;
  const shifted = u + Math.sqrt(dimension) * tau;
  const rho = Math.min(gaussian + tau * dimension, (shifted * shifted) / 2);
  return { tau, rho, negligible: rho - gaussian <= LARGEST_TAU_SHARE * gaussian };
}

/**
 * tau and rho of a sum: rho = min(u^2/2 + tau d, (u + sqrt(d) tau)^2/2) with u = Delta_2/(sqrt(N) s).
 * @throws DpNoiseError `invalid`; `noise_too_narrow` for a share below 1/2; `tau_not_negligible` when tau adds more
 * than 1% to rho: the integer grid is then too
 *   coarse for the noise, and a larger scale (finer grid) is the remedy, not a larger figure
 */
export function privacyOfSum(sum: SumOfShares): SumPrivacy {
  assertSum(sum);
  const { tau, rho, negligible } = boundOf(sum);
  if (!negligible)
    throw new DpNoiseError(
      'tau_not_negligible',
      'The noise of one share is too narrow for its integer grid: scale values up',
      { tau, ...sum },
    );
  return { tau, rho };
}

/**
 * Most contributors, up to those of the sum, whose tau is negligible; at least 1, where tau is 0.
 *
 * Further shares are independent noise added afterwards, so the sum costs at most what that many would. tau's part of
 * rho grows with every share while the rest falls, so bisection finds the number.
 */
export function contributorsToCount(sum: SumOfShares): number {
  assertSum(sum);
  if (boundOf(sum).negligible) return sum.contributors;
  let [counts, tooMany] = [1, sum.contributors];
  while (tooMany - counts > 1) {
    const middle = Math.floor((counts + tooMany) / 2);
    if (boundOf({ ...sum, contributors: middle }).negligible) counts = middle;
    else tooMany = middle;
  }
  return counts;
}
