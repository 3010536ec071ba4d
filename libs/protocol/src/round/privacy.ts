/**
 * The privacy cost of a round, before and after it (docs/protocol.md, "Privacy cost and ledger"); the formulas are in
 * libs/dp-noise.
 */
import { costOfRound, costOfSum, DpNoiseError, type Release, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { type Epoch, requestNorm, type RoundConfig, SecaggError } from '@secagg/schema';
import { ensure } from '../checks/check';

export const withNoise = (config: RoundConfig): boolean => config.privacy.noise_variance_numerator > 0;

const releaseOf = (config: RoundConfig): Release => ({
  shareVariance: {
    numerator: config.privacy.noise_variance_numerator,
    denominator: config.privacy.noise_variance_denominator,
  },
  sensitivity: config.privacy.clip_norm,
  dimension: config.layout.keys.length * config.layout.fields.length,
});

/**
 * The L2 norm that is certain to bound one unit's vector. Unit `router`: what routers clip to. Unit `request`: what the
 * layout lets one request send; an announced bound below that would price requests as smaller than they are. Throws
 * `policy` then.
 */
export function checkClipNorm({ layout, privacy, round }: RoundConfig): void {
  if (privacy.unit !== 'request') return;
  const norm = requestNorm(layout);
  ensure(
    'policy.clip_norm',
    privacy.clip_norm >= norm,
    'policy',
    `a request can have the norm ${norm}, above the announced bound ${privacy.clip_norm}`,
    { round },
  );
}

/**
 * Standard deviation of the noise in a sum of `max_participants` contributions, in units, rounded up: what word sizes
 * allow for.
 */
export const noiseStdDevUnits = (
  maxParticipants: number,
  variance: { readonly numerator: number; readonly denominator: number },
): number => Math.ceil(Math.sqrt((maxParticipants * variance.numerator) / variance.denominator));

/** h: routers per group whose noise is counted on, when a group has only its minimum. */
export const honestQuorum = (config: RoundConfig): number =>
  config.min_participants_per_group - config.privacy.assumed_colluders;

/**
 * Runs a computation of libs/dp-noise. Parameters it refuses (noise outside the sampler's range, a tau that is not
 * negligible, a budget too small) become a `policy` refusal: they come from an announcement or a plan.
 */
export function withPrivacyErrors<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof DpNoiseError)
      throw new SecaggError('policy', `the privacy parameters are refused: ${error.message}`, { privacy: error.code });
    throw error;
  }
}

/**
 * What a router charges before it sends, in units of 2^-40 rho: every group at its minimum. 0 without noise: nothing is
 * claimed then.
 */
export const worstCaseUnits = (config: RoundConfig): number =>
  withNoise(config) ? withPrivacyErrors(() => costOfSum(releaseOf(config), honestQuorum(config))).units : 0;

export const worstCaseRho = (config: RoundConfig): number => unitsToRho(worstCaseUnits(config));

/**
 * Members erase the secrets of an epoch some time after its end, a day at most: nothing of its rounds is opened after
 * that.
 */
const ERASED_WITHIN_MS = 86_400_000;

/** From when on a charge for a round of this epoch is final, at its full amount, if no outcome was shown. */
export const chargeEndMs = ({ not_after_ms }: Pick<Epoch, 'not_after_ms'>): number => not_after_ms + ERASED_WITHIN_MS;

/** For charges of earlier releases, which did not keep it: an epoch lasts 366 days at most. */
export const LONGEST_CHARGE_DAYS = 366 + 2;

export interface RoundPrivacyCost {
  readonly unit: 'router' | 'request';
  /** Charge in units of 2^-40 rho. */
  readonly units: number;
  readonly rho: number;
  /** Epsilon at `delta`; Infinity without noise. */
  readonly epsilon: number;
  readonly delta: number;
}

/** The cost of a round whose opened groups have these sizes: the maximum over the groups. */
export function roundCost(config: RoundConfig, groupSizes: readonly number[]): RoundPrivacyCost {
  const { unit, delta_inverse, assumed_colluders } = config.privacy;
  const delta = 1 / delta_inverse;
  if (!withNoise(config)) return { unit, units: 0, rho: Infinity, epsilon: Infinity, delta };
  const { units } = withPrivacyErrors(() => costOfRound(releaseOf(config), groupSizes, assumed_colluders));
  const rho = unitsToRho(units);
  return { unit, units, rho, epsilon: rhoToEpsilon(rho, delta), delta };
}

/** Variance, in squared integer units, of the noise in a sum of `contributions`. */
export const noiseVariance = (config: RoundConfig, contributions: number): number =>
  (contributions * config.privacy.noise_variance_numerator) / config.privacy.noise_variance_denominator;
