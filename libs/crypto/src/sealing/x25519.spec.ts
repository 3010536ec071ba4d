import { randomBytes } from 'node:crypto';
import { x25519 as reference } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { hasSmallOrder, importX25519Public, importX25519Secret, x25519, x25519PublicKey } from './x25519';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array | undefined) => (data === undefined ? undefined : Buffer.from(data).toString('hex'));
const key = fc.uint8Array({ minLength: 32, maxLength: 32 });

/**
 * All u-coordinates below 2^255 of points of order 1, 2, 4 and 8 on the curve and its twist (Bernstein's list,
 * cr.yp.to/ecdh.html).
 */
const smallOrderPoints = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

describe('X25519', () => {
  it('gives the Diffie-Hellman example of RFC 7748 section 6.1', () => {
    const alice = importX25519Secret(bytes('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'));
    const bob = importX25519Secret(bytes('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'));
    expect(hex(x25519PublicKey(alice))).toBe('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a');
    expect(hex(x25519PublicKey(bob))).toBe('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
    expect(hex(x25519(alice, importX25519Public(x25519PublicKey(bob))))).toBe(
      '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
    );
  });

  it('agrees with @noble/curves on any scalar and any u-coordinate, canonical or not', () => {
    fc.assert(
      fc.property(key, key, (scalar, point) => {
        expect(hex(x25519PublicKey(importX25519Secret(scalar)))).toBe(hex(reference.getPublicKey(scalar)));
        expect(hex(x25519(importX25519Secret(scalar), importX25519Public(point)))).toBe(
          hex(reference.getSharedSecret(scalar, point)),
        );
      }),
      { numRuns: 50 },
    );
  });

  it.each(smallOrderPoints)('gives nothing for the small-order point %s, with or without its top bit', (point) => {
    const topBit = bytes(point);
    topBit[31] = topBit[31] | 0x80;
    const secret = importX25519Secret(new Uint8Array(randomBytes(32)));
    for (const encoded of [bytes(point), topBit]) {
      expect(x25519(secret, importX25519Public(encoded))).toBeUndefined();
      expect(hasSmallOrder(importX25519Public(encoded))).toBe(true);
    }
  });

  it('does not take ordinary points for small ones', () => {
    fc.assert(
      fc.property(key, (scalar) => !hasSmallOrder(importX25519Public(x25519PublicKey(importX25519Secret(scalar))))),
      { numRuns: 50 },
    );
  });

  it.each([0, 31, 33])('refuses keys of %d bytes', (length) => {
    expect(() => importX25519Secret(new Uint8Array(length))).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => importX25519Public(new Uint8Array(length))).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});
