/**
 * The budget of a cluster's rounds: by the policy, by a router's own limits, and what it protects (PROTOCOL, Privacy
 * cost and ledger).
 */
import { type Budget, mostCarriedUnits, type Protection, protectionOf, stricterProtection } from '@secagg/dp-noise';
import { type ClusterPolicy } from '@secagg/schema';
import { type RouterLimits } from './limits';
import { withNoise, worstCaseUnits } from './privacy';
import { type VerifiedRound } from './verified-round';

type BudgetPolicy = Pick<
  ClusterPolicy,
  'budget_rho_units' | 'budget_window_days' | 'budget_protects' | 'max_round_rho_units'
>;

const budgetOf = (
  protects: Protection,
  window: Budget['window'],
  budgets: number[],
  roundLimits: number[],
): Budget => ({
  // What one request may be charged in all is what one round may cost: it enters a second one only at what the first
  // has left of that.
  units: Math.min(...budgets, ...(protects === 'event' ? roundLimits : [])),
  window,
  protects,
});

const windowOf = (days: number): Budget['window'] => (days === Infinity ? 'lifetime' : { days });
const policyDays = ({ budget_window_days: days }: BudgetPolicy): number => (days === 0 ? Infinity : days);

/** The policy's, for planning: routers may have less. */
export const clusterBudget = (policy: BudgetPolicy): Budget =>
  budgetOf(
    policy.budget_protects ?? 'window',
    windowOf(policyDays(policy)),
    [policy.budget_rho_units],
    [policy.max_round_rho_units],
  );

/**
 * What binds a router: the stricter of what its own limits and the policy protect, the smaller of their budgets, over
 * the longer of their windows. Unit `router` is always held to the window: a router is in every round, so that what
 * protects it in one round only protects nothing that lasts.
 */
export function effectiveBudget(
  limits: Pick<RouterLimits, 'privacyUnit' | 'budget' | 'budgetProtects' | 'maxRoundRhoUnits'>,
  policy: BudgetPolicy,
): Budget {
  const { window } = limits.budget;
  const protects = stricterProtection(ownProtection(limits), policy.budget_protects ?? 'window');
  return budgetOf(
    protects,
    windowOf(Math.max(window === 'lifetime' ? Infinity : window.days, policyDays(policy))),
    [limits.budget.units, policy.budget_rho_units],
    [limits.maxRoundRhoUnits, policy.max_round_rho_units],
  );
}

/** The most that a request may have been charged before, to enter this round; without noise nothing is charged. */
export const mostCarriedInto = (
  { config, policy }: Pick<VerifiedRound, 'config' | 'policy'>,
  limits: Parameters<typeof effectiveBudget>[0],
): number =>
  withNoise(config)
    ? mostCarriedUnits(effectiveBudget(limits, policy), worstCaseUnits(config))
    : Number.MAX_SAFE_INTEGER;

const ownProtection = ({
  privacyUnit,
  budgetProtects = 'window',
}: Pick<RouterLimits, 'privacyUnit' | 'budgetProtects'>): Protection =>
  privacyUnit === 'request' ? budgetProtects : 'window';

/** One sentence for people: what is protected together, and at what. */
export function protectionStatement(budget: Pick<Budget, 'window' | 'protects'>, unit: 'router' | 'request'): string {
  if (protectionOf(budget) === 'event')
    return 'Any single request is protected for all time: the rounds that it enters cost at most the limit together, however many rounds there are; requests that depend on one another, as those of one user may, are covered one by one only, and together by `window` with a limit on requests of one requester.';
  const rounds = budget.window === 'lifetime' ? 'all rounds' : `all rounds of any ${budget.window.days} days`;
  return unit === 'router'
    ? `Everything that a router sends is protected: ${rounds} cost at most the budget together.`
    : `Any requests, at most one from each round, are protected together: ${rounds} cost at most the budget together.`;
}
