/** Starting a round of a cluster, by its configured plan. */
import { type Allocation, unitsToRho } from '@secagg/dp-noise';
import {
  announceRound,
  type CoordinatorEvent,
  type CoordinatorState,
  type RoundPlan,
  type Step,
} from '@secagg/protocol';
import { type OpenRound, roundConfigMessage, type RoundOverrides, SecaggError, type Signed } from '@secagg/schema';
import { type Engine } from '../engine';
import { type UsedNonce } from '../store/store';
import { withCost } from './budget';
import { openRoundOf } from './open-rounds';
import { refuseProblem } from './plan-problems';
import { liveRound } from './round-status';

export interface ClusterPlan extends Omit<RoundPlan, 'round' | 'privacy'> {
  readonly privacy: Omit<RoundPlan['privacy'], 'rho'> & {
    /** Target cost, or how it follows from what the cluster's ledger has left. */
    readonly rho: RoundPlan['privacy']['rho'] | Allocation;
    /** Field of the configuration that `rho` was computed from, below `privacy`. */
    readonly givenAs?: 'epsilon' | 'rho' | 'allocation.epsilon' | 'allocation.rho';
    /** Routers that usually contribute, per group: for the allocation. */
    readonly expectedParticipants?: number;
  };
}

export function withOverrides(plan: ClusterPlan, overrides: RoundOverrides): ClusterPlan {
  const { send_delay_ms, duration_ms, groups, min_participants_per_group, max_participants, rho_units } = overrides;
  return {
    ...plan,
    sendDelayMs: send_delay_ms ?? plan.sendDelayMs,
    durationMs: duration_ms ?? plan.durationMs,
    groups: groups ?? plan.groups,
    minParticipantsPerGroup: min_participants_per_group ?? plan.minParticipantsPerGroup,
    maxParticipants: max_participants ?? plan.maxParticipants,
    privacy: rho_units === undefined ? plan.privacy : { ...plan.privacy, rho: unitsToRho(rho_units), givenAs: 'rho' },
  };
}

/** The announcement of the plan's next round, to be committed. Throws as {@link startRound}. */
export const announced =
  ({ context, now }: Engine, plan: ClusterPlan, beside = false) =>
  (state: CoordinatorState): Step<CoordinatorEvent, Signed> => {
    refuseProblem(state.view, plan);
    return announceRound(state, context, withCost(state, plan, now()), now(), beside);
  };

/**
 * Throws `committee_unavailable` without an epoch in force, `round_open` while another round of the cluster takes
 * contributions, `policy` or `budget_exhausted` for a plan that is not allowed.
 * @param beside starts it also beside an open one
 */
export async function startRound(
  engine: Engine,
  plan: ClusterPlan,
  useNonce: () => UsedNonce,
  beside: boolean,
): Promise<OpenRound> {
  const { journal } = engine;
  const announcement = await journal.commit(announced(engine, plan, beside), useNonce);
  const { cluster, round } = roundConfigMessage.decode(announcement.body);
  return openRoundOf(liveRound(journal.state, cluster, round));
}

/** Throws `not_found` for a cluster this coordinator has no plan for. */
export function planOf(plans: ReadonlyMap<string, ClusterPlan>, cluster: string): ClusterPlan {
  const plan = plans.get(cluster);
  if (!plan) throw new SecaggError('not_found', `no rounds are configured for cluster ${cluster}`);
  return plan;
}
