import { SecaggError, type SubsetMask } from '@secagg/schema';
import { type RouterPad } from './keystream';
import { WordSum } from './word-sum';

/**
 * Encrypts a vector: y = x + sum over the pieces S of M_S, mod 2^b, where M_S is the keystream of piece S (the
 * additively homomorphic stream cipher of Castelluccia, Mykletun and Tsudik 2005, section 4, with one key per piece).
 *
 * @param pad of this router and round; a pad, a piece and a seed give one keystream, so seeds are drawn afresh for
 * every vector
 * @param bits b, 1 to 48
 * @param values x: d integers of magnitude below 2^(b-1); secret
 * @param seeds k_S of every piece; secret
 * @returns y, packed: ceil(d·b/8) bytes
 * @throws SecaggError `invalid` for values or seeds out of range, or no seeds at all
 */
export function encryptVector(
  pad: RouterPad,
  bits: number,
  values: Float64Array,
  seeds: ReadonlyMap<SubsetMask, Uint8Array>,
): Uint8Array {
  if (seeds.size === 0) throw new SecaggError('invalid', 'Without a seed nothing is encrypted');
  const sum = new WordSum(values.length, bits);
  try {
    sum.addIntegers(values);
    for (const [piece, seed] of seeds) {
      const key = pad.streamKey(piece, seed);
      sum.addKeystream(key);
      key.fill(0);
    }
    return sum.toPacked();
  } finally {
    sum.wipe();
  }
}
