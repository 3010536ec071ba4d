/** The one encoding of ciphertexts and piece sums of a round, checked before anything durable depends on them. */
import { packedLength } from '@secagg/crypto';
import { type Bytes, SecaggError } from '@secagg/schema';
import { type VerifiedRound } from './verified-round';

type At = ConstructorParameters<typeof SecaggError>[2];

/**
 * Throws `malformed` for another length than the round's, `not_canonical` for words that no encryption gives. Sums
 * refuse both, and by the time they are added up the bytes have been accepted: a coordinator that found out only then
 * could not go on.
 */
export function checkCiphertext(round: VerifiedRound, ciphertext: Bytes, at: At): void {
  try {
    round.cipher().check(ciphertext);
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    throw new SecaggError(error.code, `the ciphertext is none of this round: ${error.message}`, at);
  }
}

/** The same of a piece sum: `malformed` and `not_canonical`. */
export function checkPieceSum(round: VerifiedRound, packed: Bytes, at: At): void {
  const { keyDimension, keyBits } = round.cipher();
  const length = packedLength(keyDimension, keyBits);
  if (packed.length !== length) throw new SecaggError('malformed', `a piece sum has not ${length} bytes`, at);
  const paddingBits = 8 * length - keyDimension * keyBits;
  if (packed[length - 1] >>> (8 - paddingBits) !== 0)
    throw new SecaggError('not_canonical', 'a piece sum has bits after its last word', at);
}
