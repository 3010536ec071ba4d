import * as fc from 'fast-check';
import { pack, unpack } from './packing';
import { packedLength } from './packed-limbs';

/** The encoding as its definition reads: one big integer, least significant byte first. */
function packByDefinition(words: readonly bigint[], bits: number): number[] {
  const whole = words.reduce((sum, word, i) => sum + (word << BigInt(i * bits)), 0n);
  return Array.from({ length: Math.ceil((words.length * bits) / 8) }, (_, i) =>
    Number((whole >> BigInt(8 * i)) & 255n),
  );
}

const wordBits = fc.integer({ min: 1, max: 48 });
const vector = wordBits.chain((bits) =>
  fc.record({
    bits: fc.constant(bits),
    words: fc.array(
      fc.oneof(fc.integer({ min: 0, max: 2 ** bits - 1 }), fc.constantFrom(0, 2 ** bits - 1, 2 ** (bits - 1))),
      {
        minLength: 1,
        maxLength: 70,
      },
    ),
  }),
);

describe('packed vectors', () => {
  it('are the words side by side in one little-endian integer', () => {
    fc.assert(
      fc.property(vector, ({ bits, words }) => {
        expect([...pack(Float64Array.from(words), bits)]).toEqual(packByDefinition(words.map(BigInt), bits));
      }),
    );
  });

  it('unpack to what was packed, from any place in a larger buffer', () => {
    fc.assert(
      fc.property(vector, fc.nat(5), ({ bits, words }, shift) => {
        const packed = pack(Float64Array.from(words), bits);
        const surrounded = new Uint8Array(packed.length + 10).fill(0xff);
        surrounded.set(packed, shift);
        expect([...unpack(surrounded.subarray(shift, shift + packed.length), bits, words.length)]).toEqual(words);
      }),
    );
  });

  it.each([1, 7, 8, 15, 16, 17, 31, 32, 33, 40, 42, 47, 48])('keep %i-bit words apart over block borders', (bits) => {
    const dimension = 9001;
    const words = Float64Array.from({ length: dimension }, (_, i) => (i * 2654435761 * 1013) % 2 ** bits);
    const packed = pack(words, bits);
    expect(packed.length).toBe(packedLength(dimension, bits));
    expect(unpack(packed, bits, dimension)).toEqual(words);
    const whole = packByDefinition([...words.subarray(4090, 4106)].map(BigInt), bits);
    // Word 4096 starts at a whole byte for every b; so does word 4088, eight words earlier.
    expect([...pack(words.subarray(4090, 4106), bits)]).toEqual(whole);
    expect([...unpack(packed.subarray((4088 * bits) / 8, (4104 * bits) / 8), bits, 16)]).toEqual([
      ...words.subarray(4088, 4104),
    ]);
  });

  it('are refused with any other length', () => {
    fc.assert(
      fc.property(vector, fc.constantFrom(-1, 1, 2), ({ bits, words }, difference) => {
        const length = packedLength(words.length, bits) + difference;
        expect(() => unpack(new Uint8Array(length), bits, words.length)).toThrow(
          expect.objectContaining({ code: 'malformed' }),
        );
      }),
    );
  });

  it('are refused with any bit set after the last word', () => {
    fc.assert(
      fc.property(vector, ({ bits, words }) => {
        const packed = pack(Float64Array.from(words), bits);
        for (let bit = bits * words.length; bit < 8 * packed.length; bit++) {
          const bent = Uint8Array.from(packed);
          bent[bent.length - 1] |= 1 << bit % 8;
          expect(() => unpack(bent, bits, words.length)).toThrow(expect.objectContaining({ code: 'not_canonical' }));
        }
      }),
    );
  });

  it.each([
    ['negative', -1, 8],
    ['as large as the modulus', 256, 8],
    ['fractional', 0.5, 8],
    ['not a number', Number.NaN, 8],
    ['too large for any word', 2 ** 48, 48],
  ])('do not hold a word that is %s', (_, word, bits) => {
    expect(() => pack(Float64Array.of(1, word), bits)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it.each([
    [0, 8],
    [2 ** 24 + 1, 8],
    [1.5, 8],
    [4, 0],
    [4, 49],
    [4, 7.5],
  ])('do not exist for %p words of %p bits', (dimension, bits) => {
    expect(() => packedLength(dimension, bits)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});
