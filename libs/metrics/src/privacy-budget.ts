import { Gauge, type Registry } from 'prom-client';

/** Privacy budget of this process's own ledger, as epsilon at the policy's delta. */
export function createBudgetMetrics(registry: Registry): (spent: number, remaining: number) => void {
  const registers = [registry];
  const spentEpsilon = new Gauge({
    name: 'secure_agg_privacy_budget_spent_epsilon',
    help: 'Epsilon spent in the current window',
    registers,
  });
  const remainingEpsilon = new Gauge({
    name: 'secure_agg_privacy_budget_remaining_epsilon',
    help: 'Epsilon left in the current window',
    registers,
  });
  // Zero would read as "exhausted" until the ledger is first read.
  remainingEpsilon.remove();
  return (spent, remaining) => {
    spentEpsilon.set(spent);
    remainingEpsilon.set(remaining);
  };
}
