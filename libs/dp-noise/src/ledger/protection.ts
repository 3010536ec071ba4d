import { type Budget } from './window';

/**
 * What a ledger holds its budget to. Both figures are kept either way (`ledgerBalance`).
 *
 * - `window`: the sum over all rounds of the window. Protects a set of requests with at most one in every round
 * (w-event privacy: Kellaris,
 *   Papadopoulos, Xiao, Papadias 2014, with rounds for timestamps), and so, with unit `router`, the router.
 * - `event`: the sum over the rounds that one request enters. Protects any single request for all time (event-level
 * privacy: Dwork, Naor,
 *   Pitassi, Rothblum 2010), whatever the number of rounds, and requests that belong together only one by one. A
 * request enters another round
 *   only when a round before it may have published it and still gave it back, so its charges are a zCDP filter of its
 * own.
 */
export type Protection = 'window' | 'event';

/**
 * `event` only where both ask for it: `window` protects a single request too, in all rounds that it enters, at its
 * budget (`mostCarriedUnits`).
 */
export const stricterProtection = (one: Protection, other: Protection): Protection =>
  one === 'event' && other === 'event' ? 'event' : 'window';

export const protectionOf = ({ protects }: Pick<Budget, 'protects'>): Protection => protects ?? 'window';

/**
 * The most that a request may have been charged before, to enter a round of this worst case: the filter of every single
 * request. Negative when no request may. With `window` too: its sum forgets a charge after the window, but a request
 * that waits that long still carries it.
 */
export const mostCarriedUnits = (budget: Pick<Budget, 'units'>, units: number): number => budget.units - units;
