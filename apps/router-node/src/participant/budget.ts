/** The privacy ledger in figures for the operator. */
import { type RouterPrivacy } from '@secagg/client';
import { ledgerBalance, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { type Router, stateOf } from './router';

export interface BudgetFigures {
  readonly budgetRho: number;
  readonly spentRho: number;
  /** Of what is spent: charged at worst case for rounds whose outcome is not known. */
  readonly openRho: number;
  readonly remainingRho: number;
  /** At the configured delta. */
  readonly spentEpsilon: number;
  readonly remainingEpsilon: number;
}

export function budgetFigures(router: Router): BudgetFigures {
  const { budget } = router.context.limits;
  const { spentUnits, openUnits, remainingUnits } = ledgerBalance(stateOf(router).ledger, budget, router.now());
  const delta = router.config.budgetDelta;
  return {
    budgetRho: unitsToRho(budget.units),
    spentRho: unitsToRho(spentUnits),
    openRho: unitsToRho(openUnits),
    remainingRho: unitsToRho(remainingUnits),
    spentEpsilon: rhoToEpsilon(unitsToRho(spentUnits), delta),
    remainingEpsilon: rhoToEpsilon(unitsToRho(remainingUnits), delta),
  };
}

/** The same as it is given out. */
export function routerPrivacy(router: Router): RouterPrivacy {
  const { budgetRho, spentRho, openRho, remainingRho, spentEpsilon, remainingEpsilon } = budgetFigures(router);
  const { budgetDelta, budgetWindowDays, requestsPerRequester } = router.config;
  return {
    budget_rho: budgetRho, spent_rho: spentRho, open_rho: openRho, remaining_rho: remainingRho,
    spent_epsilon: spentEpsilon, remaining_epsilon: remainingEpsilon, delta: budgetDelta,
    window_days: budgetWindowDays === 0 ? null : budgetWindowDays, requests_per_requester: requestsPerRequester ?? null,
  };
}

export function showBudget(router: Router): void {
  const { spentEpsilon, remainingEpsilon } = budgetFigures(router);
  router.metrics.privacyBudget(spentEpsilon, remainingEpsilon);
}
