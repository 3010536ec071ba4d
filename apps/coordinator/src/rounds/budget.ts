/** What the coordinator's ledgers say of rounds to come. What binds are the routers' own ledgers. */
import { costOfRound, ledgerBalance, planNoise, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { type BudgetFigures } from '@secagg/metrics';
import {
  allocatedRho,
  clusterBudget,
  clusterLedger,
  clusterPolicy,
  type CoordinatorState,
  leastColluders,
  type RoundPlan,
  withPrivacyErrors,
} from '@secagg/protocol';
import { type ClusterPolicy, requestNorm } from '@secagg/schema';
import { type ClusterPlan } from './start-round';

/** Of every configured cluster that the policy has, at the delta of its plan. */
export function budgetFigures(
  state: CoordinatorState,
  plans: Iterable<ClusterPlan>,
  nowMs: number,
): Map<string, BudgetFigures> {
  const figures = new Map<string, BudgetFigures>();
  for (const { cluster, privacy } of plans) {
    const policy = state.view.policy.clusters.find((entry) => entry.cluster === cluster);
    if (!policy) continue;
    const balance = ledgerBalance(clusterLedger(state, cluster), clusterBudget(policy), nowMs);
    const epsilon = (units: number) => rhoToEpsilon(unitsToRho(units), 1 / privacy.deltaInverse);
    figures.set(cluster, {
      spent: epsilon(balance.spentUnits),
      remaining: epsilon(balance.remainingUnits),
      request: epsilon(balance.requestUnits),
      protects: balance.protects,
    });
  }
  return figures;
}

/**
 * What a round of this plan is charged at worst, and what is left of it with the participants that are expected, by
 * default the minimum.
 */
export function plannedCost(
  { privacy, keys, fields, minParticipantsPerGroup: least }: ClusterPlan,
  policy: ClusterPolicy,
  units: number,
): { chargeUnits: number; costUnits: number } {
  const colluders = privacy.assumedColluders ?? policy.min_assumed_colluders;
  const sensitivity = privacy.unit === 'request' ? requestNorm({ fields: [...fields] }) : (privacy.routerClipNorm ?? 1);
  const dimension = keys.length * fields.length;
  return withPrivacyErrors(() => {
    const { shareVariance, worstCase } = planNoise({ units, sensitivity, honestQuorum: least - colluders, dimension });
    const expected = Math.max(least, privacy.expectedParticipants ?? least);
    const { units: costUnits } = costOfRound({ shareVariance, sensitivity, dimension }, [expected], colluders);
    return { chargeUnits: worstCase.units, costUnits };
  });
}

/**
 * The plan with the cost of its next round. Throws `budget_exhausted` when an allocation has nothing left to give,
 * `policy` for an unknown cluster.
 */
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
