/** The coordinator's ledgers as epsilon, for its gauges. What binds are the routers' own ledgers. */
import { ledgerBalance, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { clusterBudget, clusterLedger, type CoordinatorState } from '@secagg/protocol';
import { type ClusterPlan } from './start-round';

/** Epsilon spent and left at the delta of the cluster's plan, of the configured cluster that has least left; undefined without clusters. */
export function tightestBudget(state: CoordinatorState, plans: Iterable<ClusterPlan>, nowMs: number): { spent: number; remaining: number } | undefined {
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
