import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { SecaggError } from '@secagg/schema';

/**
 * X25519 (RFC 7748) on raw 32-byte keys over node:crypto.
 *
 * Keys are imported as JWK (RFC 8037) because that is the one encoding OpenSSL 3 does not run its generic decoder over:
 * on Node 20 a secret key takes 38 µs (nearly all of it the public key, which is wanted anyway) against 450 µs as
 * PKCS#8, a public key 6 µs against 100 µs as SPKI, and `generateKeyPairSync` 41 µs without letting randomness come in
 * as an argument. The price is a base64 copy of the secret on the JavaScript heap until it is collected, as for any
 * string.
 */
export const x25519Length = 32;

/**
 * @param scalar 32 bytes, any value: clamping is part of the function
 * @throws SecaggError `invalid` on another length
 */
export function importX25519Secret(scalar: Uint8Array): KeyObject {
  requireLength(scalar, 'secret');
  // Only `d` is read for a secret key; the public key is computed from it, never taken from `x`.
  return createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', x: '', d: base64url(scalar) }, format: 'jwk' });
}

/**
 * @param point 32 bytes, any value: every byte string is a u-coordinate (RFC 7748 section 5)
 * @throws SecaggError `invalid` on another length
 */
export function importX25519Public(point: Uint8Array): KeyObject {
  requireLength(point, 'public');
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: base64url(point) }, format: 'jwk' });
}

/** The 32-byte public key of an imported secret key. */
export function x25519PublicKey(secret: KeyObject): Uint8Array {
  const { x } = createPublicKey(secret).export({ format: 'jwk' });
  return new Uint8Array(Buffer.from(x as string, 'base64url'));
}

/**
 * The Diffie-Hellman secret: 32 bytes, owned by the caller, or undefined where the other side sent a point of small
 * order, whose "secret" is all zeros whatever our key (RFC 7748 section 6.1, RFC 9180 section 7.1.4: such a result must
 * be refused).
 */
export function x25519(secret: KeyObject, point: KeyObject): Uint8Array | undefined {
  let shared: Buffer;
  try {
    shared = diffieHellman({ privateKey: secret, publicKey: point });
  } catch {
    // OpenSSL itself fails on an all-zero result.
    return undefined;
  }
  const result = new Uint8Array(shared);
  shared.fill(0);
  let bits = 0;
  for (const byte of result) bits |= byte;
  return bits === 0 || result.length !== x25519Length ? undefined : result;
}

const probe = importX25519Secret(new Uint8Array(x25519Length).fill(1));

/**
 * True for the points that give an all-zero secret with every key: clamped scalars are multiples of 8, the largest
 * order a point outside the prime-order subgroups of curve and twist can add, so one probe stands for all keys.
 */
export function hasSmallOrder(point: KeyObject): boolean {
  return x25519(probe, point) === undefined;
}

function requireLength(key: Uint8Array, kind: string): void {
  if (key.length !== x25519Length)
    throw new SecaggError('invalid', `an X25519 ${kind} key has 32 bytes, not ${key.length}`);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}
