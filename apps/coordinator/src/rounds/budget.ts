/** What the coordinator's ledgers say of rounds to come. What binds are the routers' own ledgers. */
import { ledgerBalance, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import {
  allocatedRho,
  clusterBudget,
  clusterLedger,
  clusterPolicy,
  type CoordinatorState,
  leastColluders,
  type RoundPlan,
} from '@secagg/protocol';
import { type ClusterPlan } from './start-round';

/** Epsilon spent and left at the delta of the cluster's plan, of the configured cluster that has least left; undefined without clusters. */
export function tightestBudget(
  state: CoordinatorState,
  plans: Iterable<ClusterPlan>,
  nowMs: number,
): { spent: number; remaining: number } | undefined {
  let tightest: { spent: number; remaining: number } | undefined;
  for (const { cluster, privacy } of plans) {
    const policy = state.view.policy.clusters.find((entry) => entry.cluster === cluster);
    if (!policy) continue;
    const { spentUnits, remainingUnits } = ledgerBalance(clusterLedger(state, cluster), clusterBudget(policy), nowMs);
    const epsilon = (units: number) => rhoToEpsilon(unitsToRho(units), 1 / privacy.deltaInverse);
    const found = { spent: epsilon(spentUnits), remaining: epsilon(remainingUnits) };
    if (!tightest || found.remaining < tightest.remaining) tightest = found;
  }
  return tightest;
}

/** The plan with the cost of its next round. Throws `budget_exhausted` when an allocation has nothing left to give, `policy` for an unknown cluster. */
export function withCost(state: CoordinatorState, plan: ClusterPlan, nowMs: number): Omit<RoundPlan, 'round'> {
  const { rho, expectedParticipants, ...terms } = plan.privacy;
  if (typeof rho !== 'object') return { ...plan, privacy: { ...terms, rho } };
  const policy = clusterPolicy(state.view, plan.cluster);
  const assumedColluders = terms.assumedColluders ?? leastColluders(state.view.policy.committee, policy);
  const { minParticipantsPerGroup } = plan;
  const participants = { minParticipantsPerGroup, assumedColluders, expectedParticipants };
  return {
    ...plan,
    privacy: { ...terms, assumedColluders, rho: allocatedRho(state, policy, rho, participants, nowMs) },
  };
}
