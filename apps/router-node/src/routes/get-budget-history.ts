/** GET /v1/budget/history: what was charged, corrected and released, newest first. */
import { type BudgetHistoryPage } from '@secagg/client';
import { unitsToRho } from '@secagg/dp-noise';
import { SecaggError } from '@secagg/schema';
import { type Router } from 'express';
import { type RouterStore } from '../store/router-store';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

export function getBudgetHistory(router: Router, { budgetHistory }: Pick<RouterStore, 'budgetHistory'>): void {
  router.get('/v1/budget/history', (request, response) => {
    const limit = integer(request.query.limit, 'limit', MAX_LIMIT) ?? DEFAULT_LIMIT;
    const entries = budgetHistory.list(limit, integer(request.query.before, 'before', Number.MAX_SAFE_INTEGER));
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
    response.json(page);
  });
}

function integer(value: unknown, path: string, max: number): number | undefined {
  if (value === undefined) return undefined;
  const parsed = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : NaN;
  if (!(parsed >= 1 && parsed <= max))
    throw new SecaggError('invalid', `${path}: must be an integer from 1 to ${max}`, { path });
  return parsed;
}
