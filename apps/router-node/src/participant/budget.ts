/** The privacy ledger in figures for the operator. */
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

export function showBudget(router: Router): void {
  const { spentEpsilon, remainingEpsilon } = budgetFigures(router);
  router.metrics.privacyBudget(spentEpsilon, remainingEpsilon);
}
