import { type BudgetHistoryPage, budgetHistorySchema } from '@secagg/client';
import { unitsToRho } from '@secagg/dp-noise';
import { defineOperation, integerText, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { type RouterStore } from '../store/router-store';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

export const getBudgetHistory = ({ budgetHistory }: Pick<RouterStore, 'budgetHistory'>): Operation =>
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
      const entries = budgetHistory.list(limit, before);
      const page: BudgetHistoryPage = {
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
