import { createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import vectors from '../vectors/rfc5869-hkdf-sha256.json';
import { hkdf, hkdfExpand, hkdfExtract, hmacSha256 } from './hkdf';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

describe('HKDF-SHA256', () => {
  it.each(vectors.cases)('gives the vectors of RFC 5869 ($length bytes)', ({ ikm, salt, info, length, prk, okm }) => {
    const key = hkdfExtract(bytes(salt), bytes(ikm));
    expect(hex(key)).toBe(prk);
    expect(hex(hkdfExpand(key, bytes(info), length))).toBe(okm);
  });

  it('agrees with OpenSSL over lengths up to the most', () => {
    const data = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(
        data,
        data,
        data,
        fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(31, 32, 33, 64, 8160)),
        (salt, ikm, info, length) => {
          const expected = new Uint8Array(hkdfSync('sha256', ikm, salt, info, length));
          expect(hex(hkdf(salt, ikm, info, length))).toBe(hex(expected));
        },
      ),
    );
  });

  it('gives nothing when nothing is asked for', () => {
    expect(hkdfExpand(new Uint8Array(32), new Uint8Array(3), 0)).toHaveLength(0);
  });

  it.each([-1, 8161, 1.5, Number.NaN])('refuses a length of %p', (length) => {
    expect(() => hkdfExpand(new Uint8Array(32), new Uint8Array(0), length)).toThrow(RangeError);
  });

  it('leaves its inputs alone and hands out memory that later calls do not touch', () => {
    const key = new Uint8Array(32).fill(7);
    const info = new Uint8Array(5).fill(9);
    const first = hkdfExpand(key, info, 32);
    const copy = hex(first);
    hkdfExpand(key, new Uint8Array(6), 64);
    expect(hex(first)).toBe(copy);
    expect(key.every((byte) => byte === 7) && info.every((byte) => byte === 9)).toBe(true);
  });
});

describe('HMAC-SHA256', () => {
  it('agrees with OpenSSL on keys beyond the block and messages beyond the scratch buffer, however they are split', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 150 }),
        fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 4 }),
        (key, parts) => {
          const expected = createHmac('sha256', key);
          for (const part of parts) expected.update(part);
          expect(hex(hmacSha256(key, ...parts))).toBe(expected.digest('hex'));
        },
      ),
    );
  });

  it.each([63, 64, 65])('handles a key of %d bytes', (length) => {
    const key = new Uint8Array(length).fill(0xa5);
    expect(hex(hmacSha256(key, new Uint8Array(960)))).toBe(
      createHmac('sha256', key).update(new Uint8Array(960)).digest('hex'),
    );
  });
});
