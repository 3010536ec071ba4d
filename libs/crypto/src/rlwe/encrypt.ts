/**
 * Key-additive lattice encryption (docs/rlwe.md; Brakerski 2012 and Fan, Vercauteren 2012 with a fresh secret key for
 * every vector, as in Willow, eprint 2024/936): c_l = a_l s + e_l + 2^j x_l. Ciphertexts and keys add; the sum opens
 * under the sum of the keys.
 */
import { type RandomBytes, SecaggError } from '@secagg/schema';
import { type ElementContext, expandElement } from './expand';
import { gaussian } from './gaussian';
import { type RlweShape } from './parameters';
import { type Ring, ringOf } from './ring';

export interface RlweContext extends ElementContext {
  readonly bits: number;
  readonly shape: RlweShape;
}

export interface RlweCiphertext {
  /** s: N integers of magnitude at most 36; secret, to be sent under the pad and wiped. */
  readonly key: Float64Array;
  /**
   * Residues of all coefficients modulo the first prime, then the next: 26 bits each, packed as in docs/protocol.md,
   * "Packed vectors".
   */
  readonly ciphertext: Uint8Array;
}

/**
 * Encrypts d integers under a fresh key.
 *
 * @param values magnitude below 2^(bits - 1); secret
 * @throws SecaggError `invalid` for another number of values, or a value out of range; it names none
 */
export function encryptRlwe(context: RlweContext, values: Float64Array, random: RandomBytes): RlweCiphertext {
  return encryptWith(ringOf(context.suite), context, values, random);
}

/** The same with a ring at hand, for tests of both kernels. */
export function encryptWith(
  ring: Ring,
  context: RlweContext,
  values: Float64Array,
  random: RandomBytes,
): RlweCiphertext {
  const { bits, shape } = context;
  if (values.length !== shape.dimension)
    throw new SecaggError('invalid', `The vector has ${values.length} values instead of ${shape.dimension}`);
  checkRange(values, bits);
  const { kernel, degree, moduli } = ring;
  const { coefficients, elements, perCoefficient, scaleBits } = shape;
  return kernel.scoped(() => {
    const secret = gaussian(kernel, degree, random);
    const keys = moduli.map(({ p }, i) => {
      const key = kernel.take(4 * degree);
      kernel.call.lift(key, secret, degree, p);
      ring.forward(i, key);
      ring.toMontgomery(i, key);
      return key;
    });
    const plain = kernel.take(8 * coefficients * perCoefficient);
    kernel.doubles(plain, values.length).set(values);
    const integers = kernel.take(16 * coefficients);
    kernel.call.join(integers, plain, coefficients, perCoefficient, bits);

    const ciphertext = new Uint8Array(shape.ciphertextBytes);
    const [product, term] = [kernel.take(4 * degree), kernel.take(4 * degree)];
    const packed = kernel.take((13 * degree) / 4);
    for (let l = 0; l < elements; l++) {
      const first = l * degree;
      const count = Math.min(degree, coefficients - first);
      kernel.scoped(() => {
        const error = gaussian(kernel, degree, random);
        for (const [i, { p }] of moduli.entries()) {
          kernel.words(product, degree).set(expandElement(context, l, p));
          ring.multiply(i, product, product, keys[i]);
          ring.inverse(i, product);
          kernel.call.lift(term, error, degree, p);
          kernel.call.add(product, product, term, count, p);
          ring.scaleUp(i, term, integers + 16 * first, count, scaleBits);
          kernel.call.add(product, product, term, count, p);
          kernel.call.pack(packed, product, count);
          ciphertext.set(kernel.bytes(packed, (13 * count) / 4), (13 * (i * coefficients + first)) / 4);
        }
      });
    }
    return { key: Float64Array.from(kernel.integers(secret, degree)), ciphertext };
  });
}

function checkRange(values: Float64Array, bits: number): void {
  const limit = 2 ** (bits - 1);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!(Math.abs(value) < limit) || Math.floor(value) !== value)
      throw new SecaggError('invalid', `Value ${i} does not fit ${bits}-bit words`);
  }
}
