import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { SecaggError } from '../problems';
import { decodeCanonical, encodeCanonical, viewCanonical } from './canonical-cbor';

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
    fc.string({ unit: 'binary' }),
    fc.string({ maxLength: 60 }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('any'),
      { maxKeys: 5, noNullPrototype: true },
    ),
  ),
})).any;

describe('canonical CBOR', () => {
  // RFC 8949 appendix A.
  it.each([
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [1000, '1903e8'],
    [1000000000000, '1b000000e8d4a51000'],
    [-1, '20'],
    [-1000, '3903e7'],
    [new Uint8Array([1, 2, 3, 4]), '4401020304'],
    ['IETF', '6449455446'],
    ['ü', '62c3bc'],
    [[1, [2, 3], [4, 5]], '8301820203820405'],
    [{ a: 1, b: [2, 3] }, 'a26161016162820203'],
    [false, 'f4'],
    [null, 'f6'],
  ])('encodes %p as in the RFC', (item, expected) => expect(hex(encodeCanonical(item))).toBe(expected));

  it('orders map keys by their encoded bytes', () => {
    expect(hex(encodeCanonical({ aa: 1, z: 2, b: 3 }))).toBe('a3616203617a0262616101');
  });

  it('round-trips every value it takes, with equal bytes for equal values', () => {
    fc.assert(
      fc.property(value, (item) => {
        const bytes = encodeCanonical(item);
        expect(hex(encodeCanonical(decodeCanonical(bytes)))).toBe(hex(bytes));
      }),
    );
  });

  it.each([
    ['a longer integer than needed', '1817', 'not_canonical'],
    ['a longer length than needed', '580141', 'not_canonical'],
    ['an unsorted map', 'a2616201616101', 'not_canonical'],
    ['a key twice', 'a2616101616102', 'malformed'],
    ['an indefinite length', '9f01ff', 'malformed'],
    ['a float', 'fb3ff8000000000000', 'malformed'],
    ['an integral float', 'fb3ff0000000000000', 'malformed'],
    ['negative zero', 'fb8000000000000000', 'malformed'],
    ['NaN', 'f97e00', 'malformed'],
    ['undefined', 'f7', 'malformed'],
    ['a tag', 'c000', 'malformed'],
    ['2^53', '1b0020000000000000', 'malformed'],
    ['-2^53', '3b001fffffffffffff', 'malformed'],
    ['a map key that is no text', 'a10101', 'malformed'],
    ['text that is not UTF-8', '61ff', 'malformed'],
    ['a surrogate in UTF-8', '63eda080', 'malformed'],
    ['more items than bytes', '9b001fffffffffffff', 'malformed'],
    ['trailing bytes', '0000', 'malformed'],
    ['a truncated string', '6441', 'malformed'],
    ['nothing', '', 'malformed'],
    ['a key that would set the prototype', 'a1695f5f70726f746f5f5fa0', 'malformed'],
  ])('refuses %s', (_name, bytes, code) => {
    expect(codeOf(() => decodeCanonical(Buffer.from(bytes, 'hex')))).toBe(code);
  });

  it('refuses arbitrary bytes with a code or reads them as the one encoding of their value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        let decoded: unknown;
        try {
          decoded = decodeCanonical(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(SecaggError);
          return;
        }
        expect(hex(encodeCanonical(decoded))).toBe(hex(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('writes what another implementation of the RFC writes', () => {
    fc.assert(
      fc.property(value, (item) => {
        expect(hex(encodeCanonical(item))).toBe(hex(encode(item, rfc8949EncodeOptions)));
      }),
    );
  });

  it('reads what another implementation of the RFC reads', () => {
    fc.assert(
      fc.property(value, (item) => {
        const bytes = encode(item, rfc8949EncodeOptions);
        expect(decodeCanonical(bytes)).toEqual(decode(bytes));
      }),
    );
  });

  it('refuses every other encoding of a value that a lax reader would take', () => {
    const flipped = fc.tuple(
      value.map((item) => encodeCanonical(item)),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
    );
    fc.assert(
      fc.property(flipped, ([bytes, position, change]) => {
        const changed = bytes.slice();
        changed[position % changed.length] ^= change;
        let decoded: unknown;
        try {
          decoded = decodeCanonical(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(SecaggError);
          return;
        }
        expect(hex(encode(decoded, rfc8949EncodeOptions))).toBe(hex(changed));
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps nothing of what it encoded or decoded from', () => {
    const secret = new Uint8Array(32).fill(7);
    const bytes = encodeCanonical({ secret });
    const decoded = decodeCanonical(bytes) as { secret: Uint8Array };
    bytes.fill(0);
    secret.fill(0);
    expect(decoded.secret).toEqual(new Uint8Array(32).fill(7));
    expect(hex(encodeCanonical({ a: 1 }))).toBe('a1616101');
  });

  it.each([100, 2047, 2048, 70_000])('encodes what is larger than its shared buffer, in pieces of %p', (length) => {
    const item = Array.from({ length: Math.ceil(200_000 / length) }, (_, i) => [
      new Uint8Array(length).fill(i),
      'x'.repeat(length),
      'ü'.repeat(length),
      i,
    ]);
    const bytes = encodeCanonical(item);
    expect(Buffer.compare(bytes, encode(item, rfc8949EncodeOptions))).toBe(0);
    expect(Buffer.compare(encodeCanonical(decodeCanonical(bytes)), bytes)).toBe(0);
  });

  it('shares memory with the bytes when asked to, and not otherwise', () => {
    const bytes = encodeCanonical([new Uint8Array(8).fill(1)]);
    const [copy] = decodeCanonical(bytes) as [Uint8Array];
    const [view] = viewCanonical(Buffer.from(bytes.buffer)) as [Uint8Array];
    bytes.fill(9);
    expect(copy).toEqual(new Uint8Array(8).fill(1));
    expect(view).toEqual(new Uint8Array(8).fill(9));
  });

  it.each(['\ud800', { '\udfff': 1 }, undefined, 1n, () => 1, Symbol('s')])('does not encode %p', (item) => {
    expect(codeOf(() => encodeCanonical(item))).toBe('invalid');
  });

  it('survives nesting that is deeper than any message', () => {
    expect(codeOf(() => decodeCanonical(new Uint8Array(200000).fill(0x81)))).toBe('malformed');
  });

  it.each([1.5, NaN, Infinity, -0, 2 ** 53])('does not encode %p', (number) => {
    expect(codeOf(() => encodeCanonical({ number }))).toBe('invalid');
  });
});
