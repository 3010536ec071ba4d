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

/** Privacy budget of this process's own ledger. */
export function createBudgetMetrics(registry: Registry): (figures: BudgetFigures) => void {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name: `secure_agg_privacy_${name}`, help, registers });
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
    labelNames: ['protection'] as const,
    registers,
  });
  // Zero would read as "exhausted" until the ledger is first read.
  remainingEpsilon.remove();
  return ({ spent, remaining, request, protects }) => {
    spentEpsilon.set(spent);
    remainingEpsilon.set(remaining);
    requestEpsilon.set(request);
    for (const name of ['window', 'event']) protection.set({ protection: name }, name === protects ? 1 : 0);
  };
}
