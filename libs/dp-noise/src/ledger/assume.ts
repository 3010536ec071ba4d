import { DpNoiseError } from '../errors';
import { DAY_MS, type LedgerState, requestUnitsOf } from './state';

/**
 * The state of a ledger that may have forgotten charges, as one brought back from a backup has: `units` count as spent
 * on the day of `atMs`, on top of what it knows, and any one request may have been charged all of it. What was spent
 * since the backup was spent no later, so it leaves the window no later than this.
 * @param units what may have been spent since, in units of 2^-40 rho; of the whole budget nothing is left then, which
 * is always enough
 * @throws DpNoiseError `invalid` when units are no integer from 0
 */
export function assumeSpent(state: LedgerState, units: number, atMs: number): LedgerState {
  if (!Number.isSafeInteger(units) || units < 0 || !Number.isFinite(atMs))
    throw new DpNoiseError('invalid', 'What is assumed spent is a whole number from 0', { units });
  const day = Math.max(Math.floor(atMs / DAY_MS), state.latestDay);
  const total = state.settled.get(day) ?? { units: 0, rounds: 0 };
  return {
    ...state,
    settled: new Map(state.settled).set(day, {
      units: Math.min(Number.MAX_SAFE_INTEGER, total.units + units),
      rounds: total.rounds,
      requestUnits: Math.max(requestUnitsOf(total), units),
    }),
    latestDay: day,
  };
}
