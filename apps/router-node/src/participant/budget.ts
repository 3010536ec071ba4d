/** The privacy ledger in figures for the operator. */
import { type RouterPrivacy } from '@secagg/client';
import { type Budget, ledgerBalance, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { effectiveBudget } from '@secagg/protocol';
import { type Router, stateOf } from './router';

export interface BudgetFigures {
  /** What binds: the stricter of the router's own budget and the policy's. */
  readonly budgetRho: number;
  /** Days of its sliding window; null for a lifetime. */
  readonly windowDays: number | null;
  readonly spentRho: number;
  /** Of what is spent: charged at worst case for rounds whose outcome is not known. */
  readonly openRho: number;
  readonly remainingRho: number;
  /** At the configured delta. */
  readonly spentEpsilon: number;
  readonly remainingEpsilon: number;
}

/** The router's own budget, or the stricter one of the fleet policy for its cluster. */
function bindingBudget(router: Router): Budget {
  const { limits } = router.context;
  const policy = stateOf(router).view.policy.clusters.find(({ cluster }) => cluster === router.config.cluster);
  return policy ? effectiveBudget(limits, policy) : limits.budget;
}

export function budgetFigures(router: Router): BudgetFigures {
  const budget = bindingBudget(router);
  const { spentUnits, openUnits, remainingUnits } = ledgerBalance(stateOf(router).ledger, budget, router.now());
  const delta = router.config.budgetDelta;
  return {
    budgetRho: unitsToRho(budget.units),
    windowDays: budget.window === 'lifetime' ? null : budget.window.days,
    spentRho: unitsToRho(spentUnits),
    openRho: unitsToRho(openUnits),
    remainingRho: unitsToRho(remainingUnits),
    spentEpsilon: rhoToEpsilon(unitsToRho(spentUnits), delta),
    remainingEpsilon: rhoToEpsilon(unitsToRho(remainingUnits), delta),
  };
}

/** The same as it is given out. */
export function routerPrivacy(router: Router): RouterPrivacy {
  const { budgetRho, windowDays, spentRho, openRho, remainingRho, spentEpsilon, remainingEpsilon } =
    budgetFigures(router);
  const { budgetDelta, requestsPerRequester } = router.config;
  return {
    budget_rho: budgetRho,
    spent_rho: spentRho,
    open_rho: openRho,
    remaining_rho: remainingRho,
    spent_epsilon: spentEpsilon,
    remaining_epsilon: remainingEpsilon,
    delta: budgetDelta,
    window_days: windowDays,
    requests_per_requester: requestsPerRequester ?? null,
  };
}

export function showBudget(router: Router): void {
  const { spentEpsilon, remainingEpsilon } = budgetFigures(router);
  router.metrics.privacyBudget(spentEpsilon, remainingEpsilon);
}
