/**
 * Whether the next round of an interval is worth it, by what the coordinator knows anyway: what the last rounds came
 * to, how many routers wait for one, and what its ledger has left. No router's load is in it beyond published results
 * (docs/operations.md, "Rounds that are put off").
 */
import { availableAt, ledgerBalance, rhoToBudgetUnits, windowMs } from '@secagg/dp-noise';
import { clusterBudget, clusterLedger, type CoordinatorState, pastRounds } from '@secagg/protocol';
import { type ClusterPolicy, type PutOffReason, SecaggError } from '@secagg/schema';
import { plannedCost } from './budget';
import { type ClusterPlan } from './start-round';

export interface Interval {
  readonly kind: 'interval';
  readonly everyMs: number;
  /**
   * Intervals in a row that are left out at most after rounds that gave nothing; then one is tried. 0: none is ever
   * left out for that.
   */
  readonly maxSkippedIntervals: number;
  /** Whether rounds are spread so that the budget lasts, where it does not last for one every interval. */
  readonly spreadBudget: boolean;
}

/** Routers that wait for a round of the cluster: now, and when the last one was announced, as far as that is known. */
export interface Waiting {
  readonly now: number;
  readonly atAnnouncement: number | undefined;
}

export interface PutOff {
  readonly reason: PutOffReason;
  /** When a round is due regardless. */
  readonly untilMs: number;
  /** Intervals that are left out. */
  readonly intervals: number;
  readonly detail: string;
}

/**
 * Undefined when a round is due one interval after the last one.
 * @param lastMs when the last round was announced
 */
export function putOff(
  state: CoordinatorState,
  plan: ClusterPlan,
  interval: Interval,
  { lastMs, waiting, nowMs }: { readonly lastMs: number; readonly waiting: Waiting; readonly nowMs: number },
): PutOff | undefined {
  const found = [fruitless(state, plan, interval, lastMs, waiting), overspent(state, plan, interval, lastMs, nowMs)];
  // The one that lasts longer decides.
  return found.reduce((a, b) => (a && b ? (b.untilMs > a.untilMs ? b : a) : (a ?? b)));
}

/** Each round in a row that gives nothing doubles the time to the next one, up to the bound. */
function fruitless(
  state: CoordinatorState,
  plan: ClusterPlan,
  { everyMs, maxSkippedIntervals }: Interval,
  lastMs: number,
  waiting: Waiting,
): PutOff | undefined {
  const { fruitless: times, why } = pastRounds(state, plan.cluster);
  if (why === undefined || maxSkippedIntervals === 0) return undefined;
  const needed = plan.groups * plan.minParticipantsPerGroup;
  // Routers that have come since are a reason to try; those that waited then, too, have not taken part.
  if (why === 'too_few_routers' && waiting.now >= needed && (waiting.atAnnouncement ?? 0) < needed) return undefined;
  const intervals = Math.min(2 ** Math.min(times, 30) - 1, maxSkippedIntervals);
  const rounds = times === 1 ? 'the last round' : `each of the last ${times} rounds`;
  return {
    reason: why,
    untilMs: lastMs + (intervals + 1) * everyMs,
    intervals,
    detail: `${rounds} ${times === 1 ? AFTER_ONE[why] : AFTER_SEVERAL[why]}${why === 'too_few_routers' ? ` (${needed} are needed, ${waiting.now} wait)` : ''}`,
  };
}

const AFTER_ONE = {
  too_few_routers: 'had too few routers',
  no_decision: 'ended without a decision of the committee for a result',
  all_withheld: 'had no key with enough requests to publish',
};
const AFTER_SEVERAL: typeof AFTER_ONE = {
  too_few_routers: 'had too few routers, or gave nothing for another reason',
  no_decision: 'gave nothing, the last one for want of a decision of the committee for a result',
  all_withheld: 'gave nothing, the last one since no key had enough requests to publish',
};

/**
 * What is left, spread evenly until the window gives budget back. Only where every round costs the same: an allocation
 * spreads by itself.
 */
function overspent(
  state: CoordinatorState,
  plan: ClusterPlan,
  { everyMs, spreadBudget }: Interval,
  lastMs: number,
  nowMs: number,
): PutOff | undefined {
  const { rho } = plan.privacy;
  const policy = state.view.policy.clusters.find(({ cluster }) => cluster === plan.cluster);
  if (!spreadBudget || !policy || rho === 'unsafe-none' || (typeof rho === 'object' && rho.kind !== 'fixed'))
    return undefined;
  const budget = clusterBudget(policy);
  if (budget.window === 'lifetime' || budget.protects === 'event') return undefined;
  const cost = costOf(plan, policy, typeof rho === 'object' ? rho.units : rhoToBudgetUnits(rho));
  if (!cost) return undefined;
  const { chargeUnits, costUnits } = cost;
  const ledger = clusterLedger(state, plan.cluster);
  const { remainingUnits } = ledgerBalance(ledger, budget, nowMs);
  // Without room for one, the start is refused, and says until when.
  if (remainingUnits < chargeUnits) return undefined;
  const rounds = 1 + Math.floor((remainingUnits - chargeUnits) / costUnits);
  const returnsMs =
    availableAt(ledger, budget, remainingUnits + costUnits, nowMs) ?? lastMs + windowMs(budget.window.days);
  const spacingMs = Math.ceil((returnsMs - lastMs) / (rounds + 1));
  if (lastMs === 0 || spacingMs <= everyMs) return undefined;
  return {
    reason: 'budget',
    untilMs: lastMs + spacingMs,
    intervals: Math.ceil(spacingMs / everyMs) - 1,
    detail: `the privacy budget has room for ${rounds} more rounds until ${new Date(returnsMs).toISOString()}, when its window gives some back`,
  };
}

type Cost = ReturnType<typeof plannedCost>;
const costs = new WeakMap<ClusterPlan, { readonly policy: ClusterPolicy; readonly cost: Cost | undefined }>();

/** Found out once for a plan and a policy. Undefined for a plan that can make no round: its start says so. */
function costOf(plan: ClusterPlan, policy: ClusterPolicy, units: number): Cost | undefined {
  const known = costs.get(plan);
  if (known?.policy === policy) return known.cost;
  let cost: Cost | undefined;
  try {
    cost = plannedCost(plan, policy, units);
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
  }
  costs.set(plan, { policy, cost });
  return cost;
}
