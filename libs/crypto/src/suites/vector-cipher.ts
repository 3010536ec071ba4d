/**
 * How the vectors of a round are encrypted, added up and opened: what the suites have in common (docs/protocol.md,
 * "Suites").
 */
import { type RandomBytes, type SubsetMask } from '@secagg/schema';
import { type RouterPad } from '../pad/keystream';
import { type WordSum } from '../pad/word-sum';

/** A running sum of ciphertexts. */
export interface CiphertextSum {
  /**
   * Adds a ciphertext, or another sum in that form. A refused one leaves the sum as it was.
   *
   * @throws SecaggError `malformed` or `not_canonical`, as {@link VectorCipher.check}
   */
  addPacked(ciphertext: Uint8Array): void;
  /** Takes one out again. */
  subtractPacked(ciphertext: Uint8Array): void;
  /** The sum in the form of a ciphertext. */
  toPacked(): Uint8Array;
  wipe(): void;
}

/** Vectors of one shape in one suite. */
export interface VectorCipher {
  /** Words of the key that the keystreams of all pieces hide, and their bits: of the vector itself in suite `pad`. */
  readonly keyDimension: number;
  readonly keyBits: number;
  readonly ciphertextBytes: number;

  /**
   * Encrypts a vector under the keystreams of all pieces, and a key of its own where the suite has one.
   *
   * @param values d integers of magnitude below 2^(b-1); secret
   * @param seeds k_S of every piece; secret
   * @throws SecaggError `invalid` for values or seeds out of range, or no seeds at all
   */
  encrypt(
    pad: RouterPad,
    values: Float64Array,
    seeds: ReadonlyMap<SubsetMask, Uint8Array>,
    random: RandomBytes,
  ): Uint8Array;

  /** @throws SecaggError `malformed` for another length, `not_canonical` for what no encryption gives */
  check(ciphertext: Uint8Array): void;

  newSum(): CiphertextSum;

  /**
   * The sum of the vectors: d words of b bits, packed. Where the ciphertexts do not decode under the keys that came
   * with them, every word is 2^(b-1): the sum of no honest routers. Who spoiled it cannot be told.
   *
   * @param sum of ciphertexts; used up
   * @param keystreams the sum of all pieces; used up
   * @param contributions how many there are in the sum
   */
  open(sum: CiphertextSum, keystreams: WordSum, contributions: number): Uint8Array;
}
