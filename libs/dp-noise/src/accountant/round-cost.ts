/**
 * What a round costs, as an exact integer: units of 2^-40 rho, rounded up (docs/privacy.md).
 */
import { DpNoiseError } from '../errors';
import type { Variance } from '../samplers/variance';
import { assertSupportedVariance } from '../samplers/variance';
import { contributorsToCount, privacyOfSum } from './sum-of-gaussians';

/** Units in one rho: 2^40. A safe integer holds 8191 rho. */
export const UNITS_PER_RHO = 2 ** 40;

/** The rho a number of units stands for (exact). */
export const unitsToRho = (units: number): number => units / UNITS_PER_RHO;

/**
 * Whole units inside a budget of rho, rounded down.
 * @throws DpNoiseError `invalid` unless 0 <= rho < 8192
 */
export function rhoToBudgetUnits(rho: number): number {
  const units = Math.floor(rho * UNITS_PER_RHO);
  if (!(rho >= 0) || !Number.isSafeInteger(units))
    throw new DpNoiseError('invalid', 'A budget must be from 0 to 8191 rho', { rho });
  return units;
}

export interface Release {
  /** Variance of one router's share of the noise. */
  readonly shareVariance: Variance;
  /** L2 sensitivity in integer units, an integer from 1 to 2^47. */
  readonly sensitivity: number;
  /** Length of the vector. */
  readonly dimension: number;
}

export interface Cost {
  /** Charge in units of 2^-40 rho, rounded up. */
  readonly units: number;
  readonly rho: number;
  readonly tau: number;
}

const scaleOf = ({ numerator, denominator }: Variance): number => Math.sqrt(numerator / denominator);

/**
 * Cost of opening one sum with N honest contributions.
 *
 * units = ceil(2^40 Delta^2/(2 N s^2)), in BigInt, plus ceil of what tau adds (at least 1 for N > 1, which also covers
 * a tau too small for a double); never more than one share alone would cost, to which the others are noise added
 * afterwards. N = h gives the worst case a router charges before it sends; more contributors never cost more.
 * @throws DpNoiseError `invalid`, `variance_out_of_range`, `noise_too_narrow`, `tau_not_negligible`
 */
export function costOfSum(release: Release, contributors: number): Cost {
  const { shareVariance, sensitivity, dimension } = release;
  assertSupportedVariance(shareVariance);
  if (!Number.isSafeInteger(sensitivity) || sensitivity < 1)
    throw new DpNoiseError('invalid', 'The sensitivity must be a positive integer', { sensitivity });
  const scale = scaleOf(shareVariance);
  const { tau, rho } = privacyOfSum({ contributors, scale, sensitivity, dimension });

  const gaussianUnits = (count: number): number => {
    const numerator = (BigInt(sensitivity) ** 2n * BigInt(shareVariance.denominator)) << 39n;
    const denominator = BigInt(count) * BigInt(shareVariance.numerator);
    return Number((numerator + denominator - 1n) / denominator);
  };
  const u = sensitivity / (Math.sqrt(contributors) * scale);
  const tauRho = Math.min(tau * dimension, Math.sqrt(dimension) * tau * u + (dimension * tau * tau) / 2);
  const tauUnits = contributors === 1 ? 0 : Math.max(1, Math.ceil(tauRho * (1 + 1e-12) * UNITS_PER_RHO));
  const units = Math.min(gaussianUnits(contributors) + tauUnits, gaussianUnits(1));
  if (!Number.isSafeInteger(units)) throw new DpNoiseError('invalid', 'The cost exceeds 8191 rho', { rho });
  return { units, rho, tau };
}

/**
 * Cost of a round of which groups were opened: the maximum over the groups, since each router is in one of them
 * (disjoint groups of one round compose in parallel). Across rounds costs add.
 *
 * Where the set is so large that tau would count, the cost of the largest set where it does not is taken: it is an
 * upper bound, and never above the worst case that was charged.
 * @param groupSizes contributions in each opened group, from the decision; at least one group
 * @param assumedColluders contributions per group taken to carry no noise (colluding or not on the roster), from 0
 * @throws DpNoiseError `no_honest_contribution` when a group has no more contributions than assumed colluders
 */
export function costOfRound(release: Release, groupSizes: readonly number[], assumedColluders: number): Cost {
  if (groupSizes.length === 0) throw new DpNoiseError('invalid', 'A round has at least one opened group');
  // The smallest group costs most.
  const smallest = groupSizes.reduce((least, size) => Math.min(least, size), Infinity);
  const honest = smallest - assumedColluders;
  if (!Number.isSafeInteger(assumedColluders) || assumedColluders < 0)
    throw new DpNoiseError('invalid', 'The assumed colluders must be an integer from 0', { assumedColluders });
  if (!(honest >= 1))
    throw new DpNoiseError('no_honest_contribution', 'A group consists of assumed colluders only', {
      smallest,
      assumedColluders,
    });
  const counted = contributorsToCount({ ...release, contributors: honest, scale: scaleOf(release.shareVariance) });
  return costOfSum(release, counted);
}
