import { ledgerBalance, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { clusterBudget, clusterLedger } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { jsonReply, type Operation } from '../http/operation';
import { clusterOf } from '../http/parameters';
import { withCost } from '../rounds/budget';
import { type ClusterPlan, planOf } from '../rounds/start-round';

export const getBudget = ({ journal, now }: Engine, plans: ReadonlyMap<string, ClusterPlan>): Operation => ({
  id: 'get-budget',
  method: 'get',
  path: '/v1/clusters/:cluster/budget',
  summary:
    "The coordinator's own ledger of a cluster and what the next round may cost: for planning, since every router enforces its own",
  replies: {
    200: 'JSON: rho and epsilon of budget, spent, open and remaining, window_days, rounds, next_round_rho, refusal',
    404: 'no rounds are configured for the cluster',
  },
  async handle(call) {
    const { state } = journal;
    const nowMs = now();
    const plan = planOf(plans, clusterOf(call));
    const policy = state.view.policy.clusters.find(({ cluster }) => cluster === plan.cluster);
    if (!policy) throw new SecaggError('not_found', 'the fleet policy does not have the cluster');
    const budget = clusterBudget(policy);
    const { spentUnits, openUnits, remainingUnits, rounds } = ledgerBalance(
      clusterLedger(state, plan.cluster),
      budget,
      nowMs,
    );
    const delta = 1 / plan.privacy.deltaInverse;
    const figures = { budget: budget.units, spent: spentUnits, open: openUnits, remaining: remainingUnits };
    const entries = Object.entries(figures).map(([name, units]) => [name, unitsToRho(units)] as const);
    return jsonReply({
      cluster: plan.cluster,
      rho: Object.fromEntries(entries),
      epsilon: { delta, ...Object.fromEntries(entries.map(([name, rho]) => [name, rhoToEpsilon(rho, delta)])) },
      window_days: budget.window === 'lifetime' ? null : budget.window.days,
      rounds,
      ...nextRound(() => withCost(state, plan, nowMs).privacy.rho),
    });
  },
});

/** Its target cost (null without noise), or why there is none. */
function nextRound(cost: () => number | 'unsafe-none') {
  try {
    const rho = cost();
    return { next_round_rho: rho === 'unsafe-none' ? null : rho, refusal: null };
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    const { availableAtMs } = error.details;
    return {
      next_round_rho: null,
      refusal: {
        code: error.code,
        available_at: typeof availableAtMs === 'number' ? new Date(availableAtMs).toISOString() : null,
      },
    };
  }
}
