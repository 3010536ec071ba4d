import { DpNoiseError } from '../errors';
import { DAY_MS } from './state';
import { assertBudget, type Budget } from './window';

/** Rounds as they are planned, one after the other. */
export interface PlannedRounds {
  /** Charged for each before it is sent: its worst case, in units of 2^-40 rho. */
  readonly chargeUnits: number;
  /** What is left of the charge once the round is published. */
  readonly costUnits: number;
  readonly everyMs: number;
}

export interface ScheduleFit {
  /** Rounds that count at once in the window; Infinity for a lifetime. */
  readonly wanted: number;
  /** Rounds that the budget has room for in it; Infinity where they are not added up. */
  readonly possible: number;
  /** From the first round of an empty ledger to the first that is refused; null when none is. */
  readonly refusedAfterMs: number | null;
}

/** Whether a budget lasts for a schedule, from an empty ledger on. @throws DpNoiseError `invalid` */
export function fitSchedule(budget: Budget, { chargeUnits, costUnits, everyMs }: PlannedRounds): ScheduleFit {
  assertBudget(budget);
  if (!(chargeUnits >= costUnits && costUnits >= 0 && everyMs > 0))
    throw new DpNoiseError('invalid', 'A schedule has a positive interval, and a cost from 0 to the charge', {
      chargeUnits,
      costUnits,
      everyMs,
    });
  const wanted = budget.window === 'lifetime' ? Infinity : Math.ceil(windowMs(budget.window.days) / everyMs);
  const possible = roomFor(budget, chargeUnits, costUnits);
  return { wanted, possible, refusedAfterMs: possible >= wanted ? null : possible * everyMs };
}

/** A window of D days counts today and the D days before. */
export const windowMs = (days: number): number => (days + 1) * DAY_MS;

function roomFor({ units, protects }: Budget, chargeUnits: number, costUnits: number): number {
  if (chargeUnits > units) return 0;
  if (protects === 'event' || costUnits === 0) return Infinity;
  // The last one needs its whole charge, those before it what they have cost.
  return Math.floor((units - chargeUnits) / costUnits) + 1;
}

/**
 * The largest worst case of which `rounds` rounds fit, each charged it before it is sent and corrected to `share` of
 * it: (k - 1)·share·rho + rho is at most the budget. Corrections are rounded up, by less than 4 units each.
 * @param share in (0, 1]: h over the number of honest contributions expected
 */
export const evenUnits = (units: number, rounds: number, share: number): number =>
  Math.max(1, Math.floor((units - 4 * rounds) / (1 + (rounds - 1) * share)));
