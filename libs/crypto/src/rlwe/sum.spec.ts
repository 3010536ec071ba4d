/** Sums open to exactly what was encrypted, at the ends of every range, with noise inside the derived bound. */
import { randomBytes } from 'node:crypto';
import { type RandomBytes } from '@secagg/schema';
import { encryptRlwe, encryptWith, type RlweContext } from './encrypt';
import { type KernelKind } from './kernel';
import { rlweParameters, rlweShape, type RlweSuiteName, sumBound } from './parameters';
import { Ring } from './ring';
import { RlweSum } from './sum';

const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));
const [epochHash, configHash] = [random(32), random(32)];
const contextOf = (suite: RlweSuiteName, dimension: number, bits: number, contributions: number): RlweContext => ({
  suite,
  epochHash,
  configHash,
  bits,
  shape: rlweShape(rlweParameters[suite], dimension, bits, contributions),
});

/** Adds up `contributions` ciphertexts of vectors that `value` gives, and opens the sum. */
function addUp(
  context: RlweContext,
  dimension: number,
  contributions: number,
  value: (router: number, i: number) => number,
) {
  const sum = new RlweSum(context);
  const { degree } = rlweParameters[context.suite];
  const key = new Float64Array(degree);
  const truth = new Float64Array(dimension);
  for (let router = 0; router < contributions; router++) {
    const values = Float64Array.from({ length: dimension }, (_, i) => value(router, i));
    const encrypted = encryptRlwe(context, values, random);
    sum.addPacked(encrypted.ciphertext);
    for (let i = 0; i < degree; i++) key[i] += encrypted.key[i];
    for (let i = 0; i < dimension; i++) truth[i] += values[i];
  }
  return { ...sum.open(key, contributions, dimension), truth, key, sum };
}

describe.each(['rlwe-2048', 'rlwe-4096'] as const)('%s', (suite) => {
  it.each([1, 2, 3, 2047, 2048, 2049, 12_289, 100_000])(
    'opens sums of two vectors of %d extreme values',
    (dimension) => {
      const bits = 17;
      const largest = 2 ** (bits - 2) - 1;
      const context = contextOf(suite, dimension, bits, 2);
      for (const value of [largest, -largest]) {
        const { values, truth, largestNoise } = addUp(context, dimension, 2, (_router, i) => (i % 3 === 1 ? 0 : value));
        expect(values).toEqual(truth);
        expect(largestNoise).toBeLessThanOrEqual(sumBound(2));
      }
    },
  );

  it('opens sums of a hundred vectors, and takes one out again', () => {
    const context = contextOf(suite, 500, 24, 101);
    const { values, truth, key, sum } = addUp(
      context,
      500,
      100,
      (router, i) => ((router * 7919 + i * 104_729) % 100_000) - 50_000,
    );
    expect(values).toEqual(truth);
    const extra = encryptRlwe(context, new Float64Array(500).fill(3), random);
    sum.addPacked(extra.ciphertext);
    sum.subtractPacked(extra.ciphertext);
    expect(sum.open(key, 100, 500).values).toEqual(truth);
  });

  it('gives the same bytes for every split of one sum: what an opening shows depends on the sum alone', () => {
    const context = contextOf(suite, 300, 17, 2);
    const drawn = random(2_000_000);
    const sumOf = (...vectors: Float64Array[]) => {
      let at = 0;
      const sum = new RlweSum(context);
      for (const values of vectors)
        sum.addPacked(encryptRlwe(context, values, (length) => drawn.slice(at, (at += length))).ciphertext);
      return sum.toPacked();
    };
    const [x, y] = [1, 2].map((seed) =>
      Float64Array.from({ length: 300 }, (_, i) => ((i * 7919 * seed) % 4001) - 2000),
    );
    const moved = [12_345, -777];
    expect(
      sumOf(
        x.map((each, i) => each + moved[i % 2]),
        y.map((each, i) => each - moved[i % 2]),
      ),
    ).toEqual(sumOf(x, y));
  });

  it('opens nothing under a key that is off by one in one place', () => {
    const context = contextOf(suite, 100, 17, 5);
    const { key, sum } = addUp(context, 100, 5, () => 1);
    key[7] += 1;
    expect(() => sum.open(key, 5, 100)).toThrow(expect.objectContaining({ code: 'recovery_failed' }));
  });

  it('reports a sum that holds something else than encryptions', () => {
    const context = contextOf(suite, 100, 17, 5);
    const { key, sum } = addUp(context, 100, 5, () => 1);
    sum.addPacked(encryptRlwe(context, new Float64Array(100), random).ciphertext);
    expect(() => sum.open(key, 6, 100)).toThrow(expect.objectContaining({ code: 'recovery_failed' }));
    key[0] = 40_000;
    expect(() => sum.open(key, 6, 100)).toThrow(/keys/);
  });

  it('refuses ciphertexts of another length or with residues past their modulus, and values out of range', () => {
    const context = contextOf(suite, 100, 17, 5);
    const sum = new RlweSum(context);
    const { ciphertext } = encryptRlwe(context, new Float64Array(100), random);
    expect(() => sum.addPacked(ciphertext.subarray(1))).toThrow(expect.objectContaining({ code: 'malformed' }));
    expect(() => sum.addPacked(new Uint8Array(ciphertext.length).fill(0xff))).toThrow(
      expect.objectContaining({ code: 'not_canonical' }),
    );
    for (const value of [2 ** 16, -(2 ** 16), 0.5, NaN, Infinity])
      expect(() => encryptRlwe(context, new Float64Array(100).fill(value), random)).toThrow(
        expect.objectContaining({ code: 'invalid' }),
      );
  });

  it('gives the same bytes on both kernels from the same randomness', () => {
    const context = contextOf(suite, 5000, 17, 5);
    const values = Float64Array.from({ length: 5000 }, (_, i) => i - 2500);
    const drawn = random(2_000_000);
    const of = (kind: KernelKind) => {
      let at = 0;
      return encryptWith(new Ring(rlweParameters[suite], kind), context, values, (length) =>
        drawn.slice(at, (at += length)),
      );
    };
    expect(of('scalar')).toEqual(of('simd'));
  });
});

it('opens a sum of 5,000 vectors at the word width that layouts take for it', () => {
  const context = contextOf('rlwe-4096', 8, 29, 5000);
  const { values, truth, largestNoise } = addUp(context, 8, 5000, (_router, i) => (i % 2 ? 50_000 : -50_000));
  expect(values).toEqual(truth);
  expect(largestNoise).toBeLessThanOrEqual(sumBound(5000));
});

it.each([0, 9, 11, 12, 13])('does not encrypt %d values where there are 10', (length) => {
  const context = contextOf('rlwe-4096', 10, 25, 2);
  expect(() => encryptRlwe(context, new Float64Array(length), random)).toThrow(
    expect.objectContaining({ code: 'invalid' }),
  );
});

it('takes sums for spoiled above beta exactly: 8 * 4.6 * sqrt(625) is 920', () => {
  expect(sumBound(625)).toBe(920);
  for (let n = 1n; n <= 32_767n; n++) {
    const bound = BigInt(sumBound(Number(n)));
    if (25n * bound * bound > 33_856n * n || 25n * (bound + 1n) ** 2n <= 33_856n * n)
      throw new Error(`the bound for ${n} contributions is off`);
  }
});

it('packs as many words into a coefficient as noise allows, and says when none fits', () => {
  const { 'rlwe-2048': small, 'rlwe-4096': large } = rlweParameters;
  expect(rlweShape(large, 100_000, 25, 300)).toMatchObject({
    perCoefficient: 3,
    elements: 9,
    ciphertextBytes: 433_368,
  });
  expect(rlweShape(small, 100_000, 25, 300)).toMatchObject({ perCoefficient: 1 });
  expect(() => rlweShape(small, 10, 48, 300)).toThrow(expect.objectContaining({ code: 'unsupported_suite' }));
  expect(() => rlweShape(large, 10, 25, 32_768)).toThrow(expect.objectContaining({ code: 'unsupported_suite' }));
});
