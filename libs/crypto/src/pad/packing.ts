import { SecaggError } from '@secagg/schema';
import { addIntegerLimbs, checkDimension, checkWordBits, LIMBS_PER_WORD, wordAt } from './limbs';
import { addPackedLimbs, checkPacked, packLimbs } from './packed-limbs';

/**
 * Packs words; the encoding is defined in `packed-limbs.ts`.
 *
 * @param words d integers in [0, 2^b)
 * @param bits b, 1 to 48
 * @returns ceil(d·b/8) bytes
 * @throws SecaggError `invalid` for a value outside the range
 */
export function pack(words: Float64Array, bits: number): Uint8Array {
  checkDimension(words.length);
  checkWordBits(bits);
  const limit = 2 ** bits;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (!(word >= 0 && word < limit && Math.floor(word) === word))
      throw new SecaggError('invalid', `Word ${i} does not have ${bits} bits`);
  }
  const limbs = new Uint32Array(LIMBS_PER_WORD * words.length);
  addIntegerLimbs(limbs, words);
  return packLimbs(limbs, bits);
}

/**
 * Unpacks words; the inverse of {@link pack}.
 *
 * @returns d integers in [0, 2^b)
 * @throws SecaggError `malformed` for a wrong length, `not_canonical` for non-zero bits after the last word
 */
export function unpack(packed: Uint8Array, bits: number, dimension: number): Float64Array {
  checkPacked(packed, dimension, bits);
  const limbs = new Uint32Array(LIMBS_PER_WORD * dimension);
  addPackedLimbs(limbs, packed, bits);
  const words = new Float64Array(dimension);
  for (let i = 0, o = 0; i < dimension; i++, o += 3) words[i] = wordAt(limbs, o);
  return words;
}
