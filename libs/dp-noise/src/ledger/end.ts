import { type LedgerState } from './state';

/**
 * The state of a ledger that did not keep when the rounds end that it is charged for.
 * @param longestDays after which a round has ended, counted from its charge
 */
export function endOpenCharges(state: LedgerState, longestDays: number): LedgerState {
  const open = [...state.open].map(
    ([key, charge]) => [key, { ...charge, endDay: charge.endDay ?? charge.day + longestDays }] as const,
  );
  return { ...state, open: new Map(open) };
}
