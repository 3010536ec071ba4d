import { DpNoiseError } from '../errors';
import { protectionOf, type Protection } from './protection';
import { DAY_MS, endDayOf, type LedgerState, requestUnitsOf } from './state';

/**
 * A budget and the time it is for. With `days` = D, all charges made in any D x 24 hours stay within the budget: a
 * guarantee per window, not for a lifetime. Costs are kept by the UTC day on which their round was
 * settled, or on which it has ended without an outcome, and count for that day and D whole days after; open charges
 * always count.
 */
export interface Budget {
  /**
   * In units of 2^-40 rho, integer from 0; with `event` the most that one request may be charged in all rounds it
   * enters.
   */
  readonly units: number;
  /** With `event` it limits nothing, and says which rounds are in the figures. */
  readonly window: 'lifetime' | { readonly days: number };
  /** Absent: `window`. */
  readonly protects?: Protection;
}

export interface Balance {
  /**
   * Counted in the window: settled costs and open charges. What one request in each of its rounds has cost together.
   */
  readonly spentUnits: number;
  /** Of these, charged at worst case and awaiting their outcome. */
  readonly openUnits: number;
  /** The most that any single request in the rounds of the window has been charged, in these and in rounds before. */
  readonly requestUnits: number;
  /**
   * Of the window's budget; with `event`, of the limit of a request that no round has taken yet, which is all of it.
   */
  readonly remainingUnits: number;
  readonly protects: Protection;
  /** Rounds charged in the window and not released. */
  readonly rounds: number;
}

/** @throws DpNoiseError `invalid` */
export function assertBudget({ units, window }: Budget): void {
  const validWindow = window === 'lifetime' || (Number.isSafeInteger(window.days) && window.days >= 1);
  if (!Number.isSafeInteger(units) || units < 0 || !validWindow)
    throw new DpNoiseError('invalid', 'A budget is whole units from 0 over `lifetime` or whole days from 1', {
      units,
      window,
    });
}

/** First day that still counts. Later days than today (a clock that ran ahead) count too. */
const firstDay = (budget: Budget, nowMs: number): number =>
  budget.window === 'lifetime' ? -Infinity : Math.floor(nowMs / DAY_MS) - budget.window.days;

/** What the window holds at a time (milliseconds since 1970). */
export function ledgerBalance(state: LedgerState, budget: Budget, nowMs: number): Balance {
  assertBudget(budget);
  const from = firstDay(budget, nowMs);
  const protects = protectionOf(budget);
  let [settledUnits, openUnits, requestUnits, rounds] = [0, 0, 0, 0];
  for (const [day, total] of state.settled) {
    if (day < from) continue;
    settledUnits += total.units;
    rounds += total.rounds;
    requestUnits = Math.max(requestUnits, requestUnitsOf(total));
  }
  // Until its end a charge counts however old it is: its round may be opened at any time.
  const today = Math.floor(nowMs / DAY_MS);
  for (const charge of state.open.values()) {
    const { units, carriedUnits = 0 } = charge;
    const endDay = endDayOf(charge);
    if (endDay < from) continue;
    if (endDay < today) settledUnits += units;
    else openUnits += units;
    rounds += 1;
    requestUnits = Math.max(requestUnits, carriedUnits + units);
  }
  const spentUnits = settledUnits + openUnits;
  const remainingUnits = protects === 'event' ? budget.units : Math.max(0, budget.units - spentUnits);
  return { spentUnits, openUnits, requestUnits, remainingUnits, protects, rounds };
}

/**
 * What is charged, by the day on which it is final if no further outcome is shown; without charges whose end is not
 * known.
 */
export const finalCosts = ({ settled, open }: LedgerState): { day: number; units: number }[] => [
  ...[...settled].map(([day, { units }]) => ({ day, units })),
  ...[...open.values()]
    .map((charge) => ({ day: endDayOf(charge), units: charge.units }))
    .filter(({ day }) => Number.isFinite(day)),
];

/**
 * When the window will have given back enough for a charge, if nothing else is charged meanwhile and open charges stay
 * until their end; null if never (a lifetime budget, or a charge above the whole budget).
 * @returns milliseconds since 1970, the start of a UTC day; `nowMs` if it fits already
 */
export function availableAt(state: LedgerState, budget: Budget, units: number, nowMs: number): number | null {
  const { spentUnits, protects } = ledgerBalance(state, budget, nowMs);
  if ((protects === 'event' ? 0 : spentUnits) + units <= budget.units) return nowMs;
  if (budget.window === 'lifetime' || units > budget.units) return null;
  const from = firstDay(budget, nowMs);
  const charges = finalCosts(state)
    .filter(({ day }) => day >= from)
    .sort((one, other) => one.day - other.day);
  let excess = spentUnits + units - budget.units;
  for (const charge of charges) {
    excess -= charge.units;
    if (excess <= 0) return (charge.day + budget.window.days + 1) * DAY_MS;
  }
  return null;
}
