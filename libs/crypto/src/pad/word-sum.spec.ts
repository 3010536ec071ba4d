import { createCipheriv, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { pack, unpack } from './packing';
import { WordSum } from './word-sum';

const mod = (value: bigint, bits: number) => BigInt.asUintN(bits, value);

function keystreamByDefinition(key: Uint8Array, dimension: number): bigint[] {
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(6 * dimension));
  return Array.from({ length: dimension }, (_, i) => BigInt(stream.readUIntLE(6 * i, 6)));
}

const packOf = (words: bigint[], bits: number) =>
  pack(
    Float64Array.from(words, (word) => Number(mod(word, bits))),
    bits,
  );

/** A list of additions and subtractions with the running sum that schoolbook arithmetic gives. */
const shape = fc.record({ bits: fc.integer({ min: 1, max: 48 }), dimension: fc.integer({ min: 1, max: 40 }) });
const steps = shape.chain(({ bits, dimension }) => {
  const limit = 2 ** (bits - 1) - 1;
  const words = fc.array(fc.bigInt(0n, 2n ** BigInt(bits) - 1n), { minLength: dimension, maxLength: dimension });
  const integers = fc.array(fc.integer({ min: -limit, max: limit }), { minLength: dimension, maxLength: dimension });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('packed' as const), words }),
    fc.record({ kind: fc.constant('subtract' as const), words }),
    fc.record({ kind: fc.constant('integers' as const), integers }),
    fc.record({ kind: fc.constant('keystream' as const), key: fc.uint8Array({ minLength: 32, maxLength: 32 }) }),
  );
  return fc.record({
    bits: fc.constant(bits),
    dimension: fc.constant(dimension),
    list: fc.array(step, { maxLength: 12 }),
  });
});

describe('WordSum', () => {
  it('agrees with schoolbook arithmetic mod 2^b after every step', () => {
    fc.assert(
      fc.property(steps, ({ bits, dimension, list }) => {
        const sum = new WordSum(dimension, bits);
        let expected = new Array<bigint>(dimension).fill(0n);
        for (const step of list) {
          if (step.kind === 'packed') {
            sum.addPacked(packOf(step.words, bits));
            expected = expected.map((word, i) => word + step.words[i]);
          } else if (step.kind === 'subtract') {
            const other = new WordSum(dimension, bits);
            other.addPacked(packOf(step.words, bits));
            sum.subtract(other);
            expected = expected.map((word, i) => word - step.words[i]);
          } else if (step.kind === 'integers') {
            sum.addIntegers(Float64Array.from(step.integers));
            expected = expected.map((word, i) => word + BigInt(step.integers[i]));
          } else {
            sum.addKeystream(step.key);
            const stream = keystreamByDefinition(step.key, dimension);
            expected = expected.map((word, i) => word + stream[i]);
          }
          expect(sum.toPacked()).toEqual(packOf(expected, bits));
          expect([...sum.toSigned()].map(BigInt)).toEqual(expected.map((word) => BigInt.asIntN(bits, word)));
        }
      }),
    );
  });

  it('carries without being read, over many more additions than a limb holds', () => {
    const bits = 48;
    const largest = pack(Float64Array.of(2 ** 48 - 1, 2 ** 48 - 2 ** 16, 2 ** 32 - 1), bits);
    const sum = new WordSum(3, bits);
    const ones = new WordSum(3, bits);
    ones.addPacked(pack(Float64Array.of(0, 2 ** 47, 1), bits));
    const times = 65535 * 2 + 17;
    for (let i = 0; i < times; i++) sum.addPacked(largest);
    for (let i = 0; i < times; i++) sum.subtract(ones);
    const n = BigInt(times);
    const expected = [n * (2n ** 48n - 1n), n * (2n ** 48n - 2n ** 16n - 2n ** 47n), n * (2n ** 32n - 2n)];
    expect(sum.toPacked()).toEqual(packOf(expected, bits));
  });

  it.each([40, 48])('spans several blocks of %i-bit words', (bits) => {
    const dimension = 10007;
    const key = randomBytes(32);
    const sum = new WordSum(dimension, bits);
    sum.addKeystream(key);
    sum.addKeystream(key);
    const packed = sum.toPacked();
    sum.addPacked(packed);
    const expected = keystreamByDefinition(key, dimension).map((word) => Number(mod(4n * word, bits)));
    expect([...unpack(sum.toPacked(), bits, dimension)]).toEqual(expected);
  });

  it('reads the extreme values with their sign', () => {
    const sum = new WordSum(4, 48);
    sum.addPacked(pack(Float64Array.of(2 ** 47 - 1, 2 ** 47, 2 ** 48 - 1, 0), 48));
    expect([...sum.toSigned()]).toEqual([2 ** 47 - 1, -(2 ** 47), -1, 0]);
    const bit = new WordSum(2, 1);
    bit.addPacked(pack(Float64Array.of(0, 1), 1));
    expect([...bit.toSigned()]).toEqual([0, -1]);
  });

  it('minus itself is zero, and a subtrahend keeps its value', () => {
    const sum = new WordSum(5, 37);
    sum.addKeystream(new Uint8Array(32).fill(1));
    const before = sum.toPacked();
    const other = new WordSum(5, 37);
    other.subtract(sum);
    expect(sum.toPacked()).toEqual(before);
    sum.subtract(sum);
    expect([...sum.toSigned()]).toEqual([0, 0, 0, 0, 0]);
  });

  it('is unchanged by what it refuses', () => {
    const sum = new WordSum(3, 10);
    sum.addIntegers(Float64Array.of(1, -2, 3));
    const before = sum.toPacked();
    const refusals: [() => void, string][] = [
      [() => sum.addPacked(new Uint8Array(3)), 'malformed'],
      [() => sum.addPacked(new Uint8Array(4).fill(255)), 'not_canonical'],
      [() => sum.addIntegers(Float64Array.of(1, 2)), 'invalid'],
      [() => sum.subtract(new WordSum(3, 11)), 'invalid'],
      [() => sum.subtract(new WordSum(2, 10)), 'invalid'],
      ...[512, -512, 0.5, Number.NaN, Infinity].map((bad): [() => void, string] => [
        () => sum.addIntegers(Float64Array.of(0, 0, bad)),
        'invalid',
      ]),
    ];
    for (const [refused, code] of refusals) expect(refused).toThrow(expect.objectContaining({ code }));
    expect(sum.toPacked()).toEqual(before);
  });

  it('wiped is the zero vector, ready for use', () => {
    const sum = new WordSum(3, 20);
    sum.addKeystream(new Uint8Array(32));
    sum.wipe();
    expect([...sum.toSigned()]).toEqual([0, 0, 0]);
    sum.addIntegers(Float64Array.of(4, -5, 6));
    expect([...sum.toSigned()]).toEqual([4, -5, 6]);
  });
});
