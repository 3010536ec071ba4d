/**
 * What a router or a committee member allows of its own accord, on top of the fleet policy: the stricter one counts.
 */
import { type Budget, type Protection } from '@secagg/dp-noise';
import { type CheckName } from '../checks/names';
import { ensure } from '../checks/check';
import { honestQuorum, withNoise, worstCaseUnits } from './privacy';
import { type VerifiedRound } from './verified-round';

export interface RoundLimits {
  /** Largest worst-case cost of one round, in units of 2^-40 rho. */
  readonly maxRoundRhoUnits: number;
  /** Smallest honest quorum per group. */
  readonly minHonestPerGroup: number;
  /** Takes part in rounds without noise. */
  readonly unsafeNoNoise: boolean;
}

/** The router's own limits, on top of the fleet policy: the stricter one counts. */
export interface RouterLimits extends RoundLimits {
  readonly privacyUnit: 'router' | 'request';
  /** Budget of this router's data over all clusters. */
  readonly budget: Omit<Budget, 'protects'>;
  /** What it is held to; absent: `window`. `event` counts where the policy of the cluster has it as well. */
  readonly budgetProtects?: Protection;
}

/** Throws `policy` for a round beyond these limits. */
export function checkLimits({ config }: Pick<VerifiedRound, 'config'>, limits: RoundLimits): void {
  const allow = (check: CheckName, allowed: boolean, what: string): void =>
    ensure(check, allowed, 'policy', `round ${config.round}: ${what}`, { round: config.round });
  allow(
    'limits.honest_quorum',
    honestQuorum(config) >= limits.minHonestPerGroup,
    "the honest quorum is below this party's limit",
  );
  if (!withNoise(config)) allow('limits.noise', limits.unsafeNoNoise, 'it has no noise');
  else
    allow(
      'limits.round_cost',
      worstCaseUnits(config) <= limits.maxRoundRhoUnits,
      'it costs more privacy than this party allows in a round',
    );
}
