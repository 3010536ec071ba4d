import { type BudgetHistoryPage, budgetHistorySchema } from '@secagg/client';
import { unitsToRho } from '@secagg/dp-noise';
import { defineOperation, integerText, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { routerPrivacy } from '../participant/budget';
import { type Router } from '../participant/router';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

export const getBudgetHistory = (router: Router): Operation =>
  defineOperation({
    id: 'get-budget-history',
    method: 'get',
    path: '/v1/budget/history',
    summary: 'What was charged, corrected and released, newest first',
    query: {
      limit: integerText(1, MAX_LIMIT).default(DEFAULT_LIMIT).describe('most entries'),
      before: integerText(1, Number.MAX_SAFE_INTEGER).optional().describe('`next_before` of the page before'),
    },
    replies: { 200: replyOf(json(budgetHistorySchema), 'One page') },
    async handle({ query: { limit, before } }) {
      const { journal, budgetHistory } = router.store;
      const entries = budgetHistory.list(limit, before);
      const privacy = journal.hasBegun ? routerPrivacy(router) : undefined;
      const page: BudgetHistoryPage = {
        protects: privacy?.protects ?? null,
        protected: privacy?.protected ?? null,
        entries: entries.map(({ id, cluster, round, kind, units, atMs }) => ({
          id,
          cluster,
          round,
          kind,
          rho: units === null ? null : unitsToRho(units),
          at: new Date(atMs).toISOString(),
        })),
        next_before: entries.length === limit ? entries[limit - 1].id : null,
      };
      return jsonReply(page);
    },
  });
