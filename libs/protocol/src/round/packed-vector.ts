/** The one encoding of a packed vector of a round, checked before anything durable depends on it. */
import { type Bytes, SecaggError } from '@secagg/schema';
import { type VerifiedRound } from './verified-round';

/**
 * Throws `malformed` for another length than the round's, `not_canonical` for bits after the last word that are not zero. Sums refuse both,
 * and by the time they are added up the bytes have been accepted: a coordinator that found out only then could not go on.
 */
export function checkPackedVector(
  round: VerifiedRound,
  packed: Bytes,
  what: string,
  at: { party?: string; round?: number },
): void {
  if (packed.length !== round.vectorBytes)
    throw new SecaggError('malformed', `${what} has not ${round.vectorBytes} bytes`, at);
  const paddingBits = 8 * packed.length - round.dimension * round.config.layout.word_bits;
  if (packed[packed.length - 1] >>> (8 - paddingBits) !== 0)
    throw new SecaggError('not_canonical', `${what} has bits after its last word`, at);
}
