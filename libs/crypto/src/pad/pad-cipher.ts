import { type VectorCipher } from '../suites/vector-cipher';
import { encryptVector } from './encrypt';
import { checkPacked, packedLength } from './packed-limbs';
import { WordSum } from './word-sum';

/**
 * Suite `pad`: the keystreams hide the vector itself.
 *
 * @throws SecaggError `invalid` for a shape out of range
 */
export function padCipher(dimension: number, bits: number): VectorCipher {
  return {
    keyDimension: dimension,
    keyBits: bits,
    ciphertextBytes: packedLength(dimension, bits),
    encrypt: (pad, values, seeds) => encryptVector(pad, bits, values, seeds),
    check: (ciphertext) => checkPacked(ciphertext, dimension, bits),
    newSum: () => new WordSum(dimension, bits),
    open: (sum, keystreams) => {
      const words = new WordSum(dimension, bits);
      words.addPacked(sum.toPacked());
      words.subtract(keystreams);
      return words.toPacked();
    },
  };
}
