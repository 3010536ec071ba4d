import { clusterParameter, defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { ledgerBalance, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { clusterBudget, clusterLedger } from '@secagg/protocol';
import { clusterHash, SecaggError } from '@secagg/schema';
import { z } from 'zod';
import { type Engine } from '../engine';
import { withCost } from '../rounds/budget';
import { type ClusterPlan, planOf } from '../rounds/start-round';

const figures = z.object({ budget: z.number(), spent: z.number(), open: z.number(), remaining: z.number() });
const budgetSchema = z.object({
  cluster: clusterHash,
  rho: figures,
  epsilon: figures.extend({ delta: z.number() }),
  window_days: z.int().nullable().describe('null: the budget is for ever'),
  rounds: z.int(),
  next_round_rho: z.number().nullable().describe('null without noise, and when it is refused'),
  refusal: z.object({ code: z.string(), available_at: z.iso.datetime().nullable() }).nullable(),
});

export const getBudget = ({ journal, now }: Engine, plans: ReadonlyMap<string, ClusterPlan>): Operation =>
  defineOperation({
    id: 'get-budget',
    method: 'get',
    path: '/v1/clusters/:cluster/budget',
    params: { cluster: clusterParameter },
    summary:
      "The coordinator's own ledger of a cluster and what the next round may cost: for planning, since every router enforces its own",
    replies: {
      200: replyOf(json(budgetSchema), 'The ledger'),
      404: 'no rounds are configured for the cluster',
    },
    async handle(call) {
      const { state } = journal;
      const nowMs = now();
      const plan = planOf(plans, call.params.cluster);
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
