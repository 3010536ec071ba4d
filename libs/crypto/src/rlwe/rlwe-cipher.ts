/**
 * Suites `rlwe-2048` and `rlwe-4096`: the keystreams hide a lattice key, and that key hides the vector (docs/rlwe.md).
 */
import { SecaggError } from '@secagg/schema';
import { encryptVector } from '../pad/encrypt';
import { pack } from '../pad/packing';
import { WordSum } from '../pad/word-sum';
import { type CiphertextSum, type VectorCipher } from '../suites/vector-cipher';
import { encryptRlwe, type RlweContext } from './encrypt';
import { type ElementContext } from './expand';
import { KEY_BITS, rlweParameters, rlweShape } from './parameters';
import { RlweSum } from './sum';

/** @throws SecaggError `unsupported_suite` for words or contributions that the set has no room for */
export function rlweCipher(
  elements: ElementContext,
  dimension: number,
  bits: number,
  maxContributions: number,
): VectorCipher {
  const parameters = rlweParameters[elements.suite];
  const { degree } = parameters;
  const shape = rlweShape(parameters, dimension, bits, maxContributions);
  const context: RlweContext = { ...elements, bits, shape };
  const keyBytes = (degree * KEY_BITS) / 8;
  const ciphertextBytes = keyBytes + shape.ciphertextBytes;
  const newSum = (): KeyedSum => new KeyedSum(context, degree, ciphertextBytes);
  return {
    keyDimension: degree,
    keyBits: KEY_BITS,
    ciphertextBytes,
    encrypt: (pad, values, seeds, random) => {
      const { key, ciphertext } = encryptRlwe(context, values, random);
      try {
        const out = new Uint8Array(ciphertextBytes);
        out.set(encryptVector(pad, KEY_BITS, key, seeds));
        out.set(ciphertext, keyBytes);
        return out;
      } finally {
        key.fill(0);
      }
    },
    check: (ciphertext) => newSum().addPacked(ciphertext),
    newSum,
    open: (sum, keystreams, contributions) => {
      const all = newSum();
      all.addPacked(sum.toPacked());
      all.keys.subtract(keystreams);
      return pack(openedWords(all, contributions, dimension, bits), bits);
    },
  };
}

function openedWords(
  { keys, lattice }: KeyedSum,
  contributions: number,
  dimension: number,
  bits: number,
): Float64Array {
  try {
    const { values } = lattice.open(keys.toSigned(), contributions, dimension);
    return values.map((value) => (value < 0 ? value + 2 ** bits : value));
  } catch (error) {
    if (!(error instanceof SecaggError && error.code === 'recovery_failed')) throw error;
    return new Float64Array(dimension).fill(2 ** (bits - 1));
  }
}

/** Words of the keys, under the keystreams, and then the sum under those keys. */
class KeyedSum implements CiphertextSum {
  readonly keys: WordSum;
  readonly lattice: RlweSum;
  private readonly keyBytes: number;

  constructor(
    context: RlweContext,
    degree: number,
    private readonly ciphertextBytes: number,
  ) {
    this.keys = new WordSum(degree, KEY_BITS);
    this.lattice = new RlweSum(context);
    this.keyBytes = (degree * KEY_BITS) / 8;
  }

  addPacked(ciphertext: Uint8Array): void {
    const [key, rest] = this.parts(ciphertext);
    // The rest may be refused; the words of the key have no other length and no spare bits.
    this.lattice.addPacked(rest);
    this.keys.addPacked(key);
  }

  subtractPacked(ciphertext: Uint8Array): void {
    const [key, rest] = this.parts(ciphertext);
    this.lattice.subtractPacked(rest);
    this.keys.subtractPacked(key);
  }

  toPacked(): Uint8Array {
    const packed = new Uint8Array(this.ciphertextBytes);
    packed.set(this.keys.toPacked());
    packed.set(this.lattice.toPacked(), this.keyBytes);
    return packed;
  }

  wipe(): void {
    this.keys.wipe();
    this.lattice.wipe();
  }

  private parts(ciphertext: Uint8Array): [Uint8Array, Uint8Array] {
    if (ciphertext.length !== this.ciphertextBytes)
      throw new SecaggError('malformed', `A ciphertext takes ${this.ciphertextBytes} bytes, not ${ciphertext.length}`);
    return [ciphertext.subarray(0, this.keyBytes), ciphertext.subarray(this.keyBytes)];
  }
}
