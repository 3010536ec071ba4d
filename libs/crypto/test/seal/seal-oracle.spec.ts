/** Microsoft SEAL opens what this library encrypts, and this library opens what SEAL encrypts. */
import { randomBytes } from 'node:crypto';
import { type RandomBytes } from '@secagg/schema';
import { encryptRlwe, type RlweContext } from '../../src/rlwe/encrypt';
import { expandElement } from '../../src/rlwe/expand';
import { minimalRoot } from '../../src/rlwe/number-theory';
import { rlweParameters, rlweShape, type RlweShape, type RlweSuiteName } from '../../src/rlwe/parameters';
import { Ring } from '../../src/rlwe/ring';
import { RlweSum } from '../../src/rlwe/sum';
import { Seal, type SealCiphertext } from './ask-seal';

const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));
const [epochHash, configHash] = [random(32), random(32)];

/**
 * Words and shape; SEAL's plaintext modulus ends at 2^60, so denser packing than that is checked in sum.spec.ts and
 * below.
 */
const cases: [RlweSuiteName, number, number, Partial<RlweShape>][] = [
  ['rlwe-2048', 17, 5000, {}],
  ['rlwe-2048', 36, 100, {}],
  ['rlwe-4096', 48, 5000, {}],
  ['rlwe-4096', 29, 9000, { perCoefficient: 2, scaleBits: 103 - 58 }],
];

function contextOf(
  suite: RlweSuiteName,
  bits: number,
  dimension: number,
  changed: Partial<RlweShape>,
): RlweContext & { readonly shape: RlweShape } {
  const plain = rlweShape(rlweParameters[suite], dimension, bits, 5000);
  const perCoefficient = changed.perCoefficient ?? plain.perCoefficient;
  const coefficients = 4 * Math.ceil(dimension / perCoefficient / 4);
  const { degree, primes } = rlweParameters[suite];
  const shape = {
    ...plain,
    ...changed,
    coefficients,
    elements: Math.ceil(coefficients / degree),
    ciphertextBytes: (primes.length * coefficients * 26) / 8,
  };
  return { suite, epochHash, configHash, bits, shape };
}

/** round(q / 2^j): the plaintext modulus under which SEAL's rounding is division by 2^j. */
const plainModulusOf = (q: bigint, j: number): bigint => (q + (1n << BigInt(j - 1))) >> BigInt(j);

it('has the roots of SEAL', () => {
  const { primes } = rlweParameters['rlwe-4096'];
  expect(primes.map((p) => minimalRoot(4096, p))).toEqual([78068n, 21389n, 34258n, 1924n]);
});

describe.each(cases)('%s, words of %d bits', (suite, bits, dimension, changed) => {
  const parameters = rlweParameters[suite];
  const context = contextOf(suite, bits, dimension, changed);
  const { shape } = context;
  const { degree, primes, q } = parameters;
  const ring = new Ring(parameters);
  const plainModulus = plainModulusOf(q, shape.scaleBits);
  const seal = new Seal(parameters, plainModulus);

  it('SEAL decrypts (sum of ciphertexts, -a) under the sum of the keys, coefficient by coefficient', () => {
    const contributions = 3;
    const sum = new RlweSum(context);
    const key = new Float64Array(degree);
    const limit = Math.floor((2 ** (bits - 1) - 1) / contributions);
    const truth = new Float64Array(dimension);
    for (let router = 0; router < contributions; router++) {
      const values = Float64Array.from({ length: dimension }, (_, i) =>
        i < 9 ? [limit, -limit, 0][i % 3] : Math.round((2 * Math.random() - 1) * limit),
      );
      values.forEach((value, i) => (truth[i] += value));
      const encrypted = encryptRlwe(context, values, random);
      sum.addPacked(encrypted.ciphertext);
      encrypted.key.forEach((each, i) => (key[i] += each));
    }
    const residues = unpacked(sum.toPacked(), primes.length, shape.coefficients);
    const ciphertexts = Array.from(
      { length: shape.elements },
      (_, l): SealCiphertext => ({
        c0: residues.map((each) => {
          const element = new Uint32Array(degree);
          element.set(each.subarray(l * degree, (l + 1) * degree));
          return element;
        }),
        c1: primes.map((p, i) => negated(coefficientsOf(ring, i, expandElement(context, l, p)), p)),
      }),
    );
    const plaintexts = seal.decrypt(key, ciphertexts).flat().slice(0, shape.coefficients);
    expect(plaintexts).toEqual(
      Array.from({ length: shape.coefficients }, (_, c) => {
        let x = 0n;
        for (let v = 0; v < shape.perCoefficient; v++)
          x += BigInt(truth[c * shape.perCoefficient + v] ?? 0) << BigInt(v * bits);
        return ((x % plainModulus) + plainModulus) % plainModulus;
      }),
    );
    expect(sum.open(key, contributions, dimension).values).toEqual(truth);
  });

  it('opens what SEAL encrypted under a key that SEAL made', () => {
    const edges = [0n, 1n, plainModulus - 1n, plainModulus / 2n - 1n, plainModulus - plainModulus / 2n + 1n];
    const plaintext = Array.from({ length: degree }, (_, i) =>
      i < edges.length ? edges[i] : (BigInt(`0x${randomBytes(16).toString('hex')}`) * 2n) % plainModulus,
    );
    const { key, ciphertexts } = seal.encrypt([plaintext]);
    expect(new Set(key)).toEqual(new Set([-1, 0, 1]));
    const opened = ring.kernel.scoped(() => {
      const { kernel } = ring;
      const integers = kernel.take(16 * degree);
      const secret = kernel.take(4 * degree);
      kernel.integers(secret, degree).set(key);
      for (const [i, { p }] of ring.moduli.entries()) {
        const [lifted, product, c0] = [kernel.take(4 * degree), kernel.take(4 * degree), kernel.take(4 * degree)];
        kernel.call.lift(lifted, secret, degree, p);
        ring.forward(i, lifted);
        ring.toMontgomery(i, lifted);
        kernel.words(product, degree).set(ciphertexts[0].c1[i]);
        ring.forward(i, product);
        ring.multiply(i, product, product, lifted);
        ring.inverse(i, product);
        kernel.words(c0, degree).set(ciphertexts[0].c0[i]);
        kernel.call.add(c0, c0, product, degree, p);
        ring.addResidues(i, integers, c0, degree);
      }
      ring.decode(integers, degree, shape.scaleBits);
      const longs = kernel.longs(integers, 2 * degree);
      return plaintext.map((_each, c) => {
        const x = BigInt.asIntN(128, longs[2 * c] | (longs[2 * c + 1] << 64n));
        return ((x % plainModulus) + plainModulus) % plainModulus;
      });
    });
    expect(opened).toEqual(plaintext);
  });
});

/** By prime: residues of 26 bits. */
const unpacked = (packed: Uint8Array, primes: number, coefficients: number): Uint32Array[] =>
  Array.from({ length: primes }, (_, i) =>
    Uint32Array.from({ length: coefficients }, (_each, c) => {
      const bit = 26 * (i * coefficients + c);
      let word = 0;
      for (let k = 0; k < 26; k++) word += ((packed[(bit + k) >> 3] >> ((bit + k) & 7)) & 1) * 2 ** k;
      return word;
    }),
  );

const coefficientsOf = (ring: Ring, i: number, values: Uint32Array): Uint32Array =>
  ring.kernel.scoped(() => {
    const at = ring.kernel.take(4 * ring.degree);
    ring.kernel.words(at, ring.degree).set(values);
    ring.inverse(i, at);
    return ring.kernel.words(at, ring.degree).slice();
  });

const negated = (polynomial: Uint32Array, p: number): Uint32Array =>
  polynomial.map((word) => (word === 0 ? 0 : p - word));
