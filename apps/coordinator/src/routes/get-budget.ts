import { clusterParameter, defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { ledgerBalance, rhoToBudgetUnits, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { checkRoom, clusterBudget, clusterLedger, type CoordinatorState, protectionStatement } from '@secagg/protocol';
import { clusterHash, type ClusterPolicy, SecaggError } from '@secagg/schema';
import { z } from 'zod';
import { type Engine } from '../engine';
import { plannedCost, withCost } from '../rounds/budget';
import { type ClusterPlan, planOf } from '../rounds/start-round';

const figures = z.object({
  budget: z
    .number()
    .describe('most that all rounds of the window may cost, or with `event` most that one request may be charged'),
  spent: z.number().describe('all rounds of the window together'),
  open: z.number().describe('of what is spent: charged at worst, for rounds that are not decided'),
  request: z.number().describe('the single request of the window that was charged most'),
  remaining: z.number(),
});
const budgetSchema = z.object({
  cluster: clusterHash,
  protects: z.enum(['window', 'event']).describe('what the budget is held to'),
  protected: z.string().describe('the same in one sentence'),
  rho: figures,
  epsilon: figures.extend({ delta: z.number() }),
  window_days: z.int().nullable().describe('null: for ever'),
  rounds: z.int(),
  next_round_rho: z.number().nullable().describe('null without noise, and when it is refused'),
  refusal: z.object({ code: z.string(), available_at: z.iso.datetime().nullable() }).nullable(),
  warnings: z.array(z.string()).describe('of the configured rounds that do not fit the policy'),
});

export const getBudget = (
  { journal, now }: Engine,
  plans: ReadonlyMap<string, ClusterPlan>,
  warningsOf: (cluster: string) => string[],
): Operation =>
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
      const ledger = clusterLedger(state, plan.cluster);
      const { spentUnits, openUnits, requestUnits, remainingUnits, protects, rounds } = ledgerBalance(
        ledger,
        budget,
        nowMs,
      );
      const delta = 1 / plan.privacy.deltaInverse;
      const inUnits = {
        budget: budget.units,
        spent: spentUnits,
        open: openUnits,
        request: requestUnits,
        remaining: remainingUnits,
      };
      const entries = Object.entries(inUnits).map(([name, units]) => [name, unitsToRho(units)] as const);
      return jsonReply({
        cluster: plan.cluster,
        protects,
        protected: protectionStatement(budget, plan.privacy.unit),
        rho: Object.fromEntries(entries),
        epsilon: { delta, ...Object.fromEntries(entries.map(([name, rho]) => [name, rhoToEpsilon(rho, delta)])) },
        window_days: budget.window === 'lifetime' ? null : budget.window.days,
        rounds,
        ...nextRound(() => affordable(state, plan, policy, nowMs)),
        warnings: warningsOf(plan.cluster),
      });
    },
  });

/**
 * The target cost of the plan's next round. Throws `budget_exhausted` for one that the ledger has no room for, as its
 * announcement would.
 */
function affordable(
  state: CoordinatorState,
  plan: ClusterPlan,
  policy: ClusterPolicy,
  nowMs: number,
): number | 'unsafe-none' {
  const { rho } = withCost(state, plan, nowMs).privacy;
  if (rho === 'unsafe-none') return rho;
  const { chargeUnits } = plannedCost(plan, policy, rhoToBudgetUnits(rho));
  checkRoom(state, policy, chargeUnits, nowMs);
  return rho;
}

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
