import { Gauge, type Registry } from 'prom-client';

/** Epsilon at the policy's delta, of the rounds in the ledger's window. */
export interface BudgetFigures {
  /** Of all rounds together. */
  readonly spent: number;
  /** Of what is enforced; may be Infinity (no limit). */
  readonly remaining: number;
  /** The most that any single request has been charged. */
  readonly request: number;
  readonly protects: 'window' | 'event';
}

/** By the hash of a cluster of the fleet policy. */
export type BudgetsByCluster = ReadonlyMap<string, BudgetFigures>;

/** Privacy budgets of this process's own ledgers; clusters that are not given any more are forgotten. */
export function createBudgetMetrics(registry: Registry): (budgets: BudgetsByCluster) => void {
  const registers = [registry];
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `secure_agg_privacy_${name}`, help, labelNames: ['cluster'] as const, registers });
  const spentEpsilon = gauge(
    'budget_spent_epsilon',
    'Epsilon of all rounds in the window: of any requests with at most one in each round, together',
  );
  const remainingEpsilon = gauge(
    'budget_remaining_epsilon',
    'Epsilon left of what is enforced: of the budget of the window, or of the limit of a new request (secure_agg_privacy_protects)',
  );
  const requestEpsilon = gauge(
    'request_epsilon',
    'Epsilon of the single request of the window that was charged most, over all rounds it entered',
  );
  const protection = new Gauge({
    name: 'secure_agg_privacy_protects',
    help: '1 for what the budget is held to: all rounds of the window together (window), or those that one request enters (event)',
    labelNames: ['cluster', 'protection'] as const,
    registers,
  });
  return (budgets) => {
    for (const metric of [spentEpsilon, remainingEpsilon, requestEpsilon, protection]) metric.reset();
    for (const [cluster, { spent, remaining, request, protects }] of budgets) {
      spentEpsilon.set({ cluster }, spent);
      remainingEpsilon.set({ cluster }, remaining);
      requestEpsilon.set({ cluster }, request);
      for (const name of ['window', 'event']) protection.set({ cluster, protection: name }, name === protects ? 1 : 0);
    }
  };
}
