import { DpNoiseError } from '../errors';
import type { Balance } from './window';

/** How much of what remains the next round may cost at worst; its noise follows from that (`planNoise`). */
export type Allocation =
  /** The same every round, until the budget is used up. */
  | { readonly kind: 'fixed'; readonly units: number }
  /**
   * What remains over the rounds that remain, of `rounds` in the window. What corrections give back is spread again.
   */
  | { readonly kind: 'horizon'; readonly rounds: number }
  /** numerator/denominator of what remains: never exhausted, but ever noisier. */
  | { readonly kind: 'decay'; readonly numerator: number; readonly denominator: number };

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

function assertAllocation(allocation: Allocation): void {
  const valid =
    allocation.kind === 'fixed'
      ? isCount(allocation.units)
      : allocation.kind === 'horizon'
        ? isCount(allocation.rounds)
        : isCount(allocation.numerator) &&
          isCount(allocation.denominator) &&
          allocation.numerator <= allocation.denominator;
  if (!valid)
    throw new DpNoiseError('invalid', 'An allocation has positive integers, and a fraction of at most 1', {
      ...allocation,
    });
}

/**
 * Worst-case units for the next round; 0 when there is nothing left to give, which is `budget_exhausted`.
 *
 * Charges are made for h contributions and corrected to the actual number, so a horizon that charged its even share
 * would leave budget unused. `expectedShare`, the expected ratio of actual to worst-case cost, scales the charge so
 * that the cost after correction is the even share.
 *
 * A budget that is held to single requests (`event`) has nothing to spread over rounds: a request enters one, so a
 * horizon gives that round all of it, and a decay its fraction.
 * @param expectedShare in (0, 1]: h over the number of honest contributions expected; 1 plans for the worst case
 */
export function allocateRound(
  allocation: Allocation,
  balance: Pick<Balance, 'remainingUnits' | 'rounds'> & Partial<Pick<Balance, 'protects'>>,
  expectedShare = 1,
): number {
  assertAllocation(allocation);
  if (!(expectedShare > 0 && expectedShare <= 1))
    throw new DpNoiseError('invalid', 'The expected share is in (0, 1]', { expectedShare });
  const { remainingUnits, rounds } = balance;
  switch (allocation.kind) {
    case 'fixed':
      return allocation.units <= remainingUnits ? allocation.units : 0;
    case 'horizon': {
      if (balance.protects === 'event') return remainingUnits;
      const roundsLeft = allocation.rounds - rounds;
      if (roundsLeft < 1) return 0;
      return Math.min(remainingUnits, Math.floor(remainingUnits / roundsLeft / expectedShare));
    }
    case 'decay':
      return Number((BigInt(remainingUnits) * BigInt(allocation.numerator)) / BigInt(allocation.denominator));
  }
}
