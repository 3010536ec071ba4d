import fc from 'fast-check';
import { SecaggError } from '../problems';
import { decodeCanonical, encodeCanonical } from './canonical-cbor';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    if (error instanceof SecaggError) return error.code;
    throw error;
  }
  return undefined;
};

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.maxSafeInteger().map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(fc.string().filter((key) => key !== '__proto__'), tie('any'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).any;

describe('canonical CBOR', () => {
  // RFC 8949 appendix A.
  it.each([
    [0, '00'], [23, '17'], [24, '1818'], [1000, '1903e8'], [1000000000000, '1b000000e8d4a51000'], [-1, '20'], [-1000, '3903e7'],
    [new Uint8Array([1, 2, 3, 4]), '4401020304'], ['IETF', '6449455446'], ['ü', '62c3bc'], [[1, [2, 3], [4, 5]], '8301820203820405'],
    [{ a: 1, b: [2, 3] }, 'a26161016162820203'], [false, 'f4'], [null, 'f6'],
  ])('encodes %p as in the RFC', (item, expected) => expect(hex(encodeCanonical(item))).toBe(expected));

  it('orders map keys by their encoded bytes', () => {
    expect(hex(encodeCanonical({ aa: 1, z: 2, b: 3 }))).toBe('a3616203617a0262616101');
  });

  it('round-trips every value it takes, with equal bytes for equal values', () => {
    fc.assert(fc.property(value, (item) => {
      const bytes = encodeCanonical(item);
      expect(hex(encodeCanonical(decodeCanonical(bytes)))).toBe(hex(bytes));
    }));
  });

  it.each([
    ['a longer integer than needed', '1817', 'malformed'],
    ['an unsorted map', 'a2616201616101', 'not_canonical'],
    ['a key twice', 'a2616101616102', 'malformed'],
    ['an indefinite length', '9f01ff', 'malformed'],
    ['a float', 'fb3ff8000000000000', 'not_canonical'],
    ['an integral float', 'fb3ff0000000000000', 'not_canonical'],
    ['negative zero', 'fb8000000000000000', 'not_canonical'],
    ['NaN', 'f97e00', 'malformed'],
    ['undefined', 'f7', 'malformed'],
    ['a tag', 'c000', 'malformed'],
    ['2^53', '1b0020000000000000', 'malformed'],
    ['trailing bytes', '0000', 'malformed'],
    ['a truncated string', '6441', 'malformed'],
    ['nothing', '', 'malformed'],
    ['a key that would set the prototype', 'a1695f5f70726f746f5f5fa0', 'not_canonical'],
  ])('refuses %s', (_name, bytes, code) => {
    expect(codeOf(() => decodeCanonical(Buffer.from(bytes, 'hex')))).toBe(code);
  });

  it('refuses arbitrary bytes with a code or reads them as the one encoding of their value', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      let decoded: unknown;
      try {
        decoded = decodeCanonical(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(SecaggError);
        return;
      }
      expect(hex(encodeCanonical(decoded))).toBe(hex(bytes));
    }), { numRuns: 2000 });
  });

  it('survives nesting that is deeper than any message', () => {
    expect(codeOf(() => decodeCanonical(new Uint8Array(200000).fill(0x81)))).toBe('malformed');
  });

  it.each([1.5, NaN, Infinity, -0, 2 ** 53])('does not encode %p', (number) => {
    expect(codeOf(() => encodeCanonical({ number }))).toBe('invalid');
  });
});
