/** From what a round may cost to how much noise each router adds: docs/privacy.md. */
import { costOfSum, type Cost, type Release } from '../accountant/round-cost';
import { DpNoiseError } from '../errors';
import { MAX_VARIANCE, MAX_VARIANCE_DENOMINATOR, MAX_VARIANCE_NUMERATOR, type Variance } from '../samplers/variance';
import { MAX_CLIP_MAGNITUDE } from './clip';

export interface NoiseRequest {
  /** What the round may cost at worst, in units of 2^-40 rho; integer, at least 1. */
  readonly units: number;
  /** L2 sensitivity: the clipping bound of one unit (request or router), integer from 1 to 2^47. */
  readonly sensitivity: number;
  /** h: honest contributions certain to be in every opened group. */
  readonly honestQuorum: number;
  /** Length of the vector. */
  readonly dimension: number;
}

export interface NoisePlan {
  /** Variance sigma^2/h each router adds to every coordinate. */
  readonly shareVariance: Variance;
  /** What a sum of exactly h shares costs: the charge before sending. Never above the request. */
  readonly worstCase: Cost;
}

/**
 * h = min participants of a group - members assumed to collude or to leave their noise out (absolute, in every group).
 * @throws DpNoiseError `no_honest_contribution` when nothing is left
 */
export function honestQuorum(minParticipants: number, assumedColluders: number): number {
  const honest = minParticipants - assumedColluders;
  if (
    Number.isSafeInteger(minParticipants) &&
    Number.isSafeInteger(assumedColluders) &&
    assumedColluders >= 0 &&
    honest >= 1
  )
    return honest;
  throw new DpNoiseError('no_honest_contribution', 'The minimum of participants must exceed the assumed colluders', {
    minParticipants,
    assumedColluders,
  });
}

/**
 * Smallest supported fraction that is at least numerator/denominator, with as fine a denominator as its size permits.
 */
function roundUpVariance(numerator: bigint, denominator: bigint): Variance {
  let grid = BigInt(MAX_VARIANCE_DENOMINATOR);
  const scaled = (): bigint => (numerator * grid + denominator - 1n) / denominator;
  while (grid > 1n && scaled() > BigInt(MAX_VARIANCE_NUMERATOR)) grid >>= 1n;
  let rounded = scaled();
  if (rounded > grid * BigInt(MAX_VARIANCE)) {
    throw new DpNoiseError(
      'variance_out_of_range',
      'The noise needed exceeds sigma = 2^25 a router: use a smaller bound (coarser scales) or a larger budget',
      {
        variance: Number(rounded) / Number(grid),
      },
    );
  }
  // A share below 1/2 is outside of what the accounting is proven for (LEAST_SCALE); the grid is a power of two.
  if (rounded * 4n < grid) rounded = (grid + 3n) / 4n;
  while (grid > 1n && rounded % 2n === 0n) [rounded, grid] = [rounded / 2n, grid / 2n];
  return { numerator: Number(rounded), denominator: Number(grid) };
}

function assertRequest({ units, sensitivity, honestQuorum: h, dimension }: NoiseRequest): void {
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  if (isCount(units) && isCount(sensitivity) && sensitivity <= MAX_CLIP_MAGNITUDE && isCount(h) && isCount(dimension))
    return;
  throw new DpNoiseError(
    'invalid',
    'Units, sensitivity, honest quorum and dimension must be positive integers in range',
    {
      units,
      sensitivity,
      honestQuorum: h,
      dimension,
    },
  );
}

/**
 * Least noise a share needs so that a sum of h shares costs at most `units`.
 *
 * s^2 = Delta^2 2^40/(2 h units), rounded up to a fraction the sampler takes, then widened until the charge with its
 * tau and its own rounding fits.
 * @throws DpNoiseError `invalid`; `variance_out_of_range` when the budget asks for more noise than the sampler makes;
 *   `tau_not_negligible` when the noise is too narrow for the integer grid (scale the values up)
 */
export function planNoise(request: NoiseRequest): NoisePlan {
  assertRequest(request);
  const { sensitivity, dimension, honestQuorum: h } = request;
  const needed = (BigInt(sensitivity) ** 2n) << 39n;
  let allowed = BigInt(request.units);
  while (allowed >= 1n) {
    const shareVariance = roundUpVariance(needed, BigInt(h) * allowed);
    const release: Release = { shareVariance, sensitivity, dimension };
    const worstCase = costOfSum(release, h);
    if (worstCase.units <= request.units) return { shareVariance, worstCase };
    allowed -= BigInt(worstCase.units - request.units);
  }
  throw new DpNoiseError('variance_out_of_range', 'The budget of the round is too small to be met', { ...request });
}
