import { SecaggError } from '../problems';
import { type FieldSpec, fieldMagnitude } from './fields';

/** Words travel as at most 48 bits: six bytes of keystream each, and sums stay exact in float64. */
export const MAX_WORD_BITS = 48;

/**
 * Room for noise, in standard deviations of the whole noise of a sum. A (discrete) Gaussian passes 12 of them with
 * probability below 4e-33 per coordinate (2 exp(-72) bounds it by 1.1e-31), so not in a lifetime of rounds.
 */
export const NOISE_TAIL_STD_DEVS = 12;

export interface WordBitsInput {
  readonly fields: readonly FieldSpec[];
  readonly max_requests_per_router: number;
  readonly max_participants: number;
  /**
   * Standard deviation of the noise of the sum of `max_participants` contributions, in units, rounded up; 0 for none.
   */
  readonly noiseStdDevUnits: number;
}

/** As `requiredWordBits`, but also past the limit. BigInt, since the product passes 2^53; it runs once per layout. */
export function wordBitsFor(input: WordBitsInput): number {
  const magnitude = Math.max(...input.fields.map(fieldMagnitude));
  const signal = BigInt(input.max_participants) * BigInt(input.max_requests_per_router) * BigInt(magnitude);
  const largest = signal + BigInt(NOISE_TAIL_STD_DEVS) * BigInt(input.noiseStdDevUnits);
  return largest.toString(2).length + 2;
}

/**
 * Smallest b such that |sum| < 2^(b-2) for every coordinate of a sum of `max_participants` routers with
 * `max_requests_per_router` requests each, plus 12 standard deviations of noise: one bit for the sign, one of margin,
 * so that a sum that left its range would be seen and not wrap around unnoticed.
 * Throws `invalid` when that is more than 48 bits, or when `noiseStdDevUnits` is no integer from 0.
 */
export function requiredWordBits(input: WordBitsInput): number {
  if (!Number.isSafeInteger(input.noiseStdDevUnits) || input.noiseStdDevUnits < 0) {
    throw new SecaggError('invalid', 'the noise standard deviation must be an integer from 0', {
      path: 'noiseStdDevUnits',
    });
  }
  const bits = wordBitsFor(input);
  if (bits > MAX_WORD_BITS) {
    throw new SecaggError(
      'invalid',
      `the sums need ${bits} bits, more than ${MAX_WORD_BITS}: fewer requests, participants or units`,
      {
        path: 'word_bits',
      },
    );
  }
  return bits;
}
