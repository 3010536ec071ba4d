/** The privacy ledger in figures for the operator. */
import { type RouterPrivacy } from '@secagg/client';
import { type Budget, ledgerBalance, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { effectiveBudget, protectionStatement } from '@secagg/protocol';
import { type Router, stateOf } from './router';

/** What binds: by the router's own limits, and the fleet policy for its cluster. */
function bindingBudget(router: Router): Budget {
  const { limits } = router.context;
  const policy = stateOf(router).view.policy.clusters.find(({ cluster }) => cluster === router.config.cluster);
  return policy ? effectiveBudget(limits, policy) : limits.budget;
}

/** As it is given out. */
export function routerPrivacy(router: Router): Required<RouterPrivacy> {
  const budget = bindingBudget(router);
  const balance = ledgerBalance(stateOf(router).ledger, budget, router.now());
  const { budgetDelta: delta, requestsPerRequester } = router.config;
  const spent = unitsToRho(balance.spentUnits);
  const request = unitsToRho(balance.requestUnits);
  const remaining = unitsToRho(balance.remainingUnits);
  return {
    protects: balance.protects,
    protected: protectionStatement(budget, router.config.privacyUnit),
    budget_rho: unitsToRho(budget.units),
    spent_rho: spent,
    open_rho: unitsToRho(balance.openUnits),
    request_rho: request,
    remaining_rho: remaining,
    spent_epsilon: rhoToEpsilon(spent, delta),
    request_epsilon: rhoToEpsilon(request, delta),
    remaining_epsilon: rhoToEpsilon(remaining, delta),
    delta,
    window_days: budget.window === 'lifetime' ? null : budget.window.days,
    requests_per_requester: requestsPerRequester ?? null,
  };
}

export function showBudget(router: Router): void {
  const { spent_epsilon, remaining_epsilon, request_epsilon, protects } = routerPrivacy(router);
  const figures = { spent: spent_epsilon, remaining: remaining_epsilon, request: request_epsilon, protects };
  router.metrics.privacyBudget(new Map([[router.config.cluster, figures]]));
}
