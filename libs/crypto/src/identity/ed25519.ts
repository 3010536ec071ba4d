import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import { SecaggError } from '@secagg/schema';
import { boundedCache } from '../bounded-cache';
import { isAcceptableEd25519Point } from './ed25519-points';

/**
 * Ed25519 (RFC 8032) on raw keys over node:crypto: sign 37 µs, verify 100 µs, import of a secret key 38 µs (kept, see
 * below).
 *
 * What makes verification agree everywhere, and who checks it:
 * - S below the group order, so that nobody can turn one signature into another: OpenSSL;
 * - R compared as bytes after the cofactorless equation R = S·B - k·A, so that R is canonical: OpenSSL;
 * - A on the curve: OpenSSL, as a failed verification;
 * - A reduced, A and R not of small order: here, since OpenSSL lets them pass. These are libsodium's rules too.
 *
 * Keys with a component of small order (A + T) pass, as they do in libsodium: only their owner can make and use one.
 */
export const ed25519Lengths = { secretKey: 32, publicKey: 32, signature: 64 } as const;

/** Key objects live as long as the caller's array; the digest notices when that array was wiped or reused. */
const secretKeys = new WeakMap<Uint8Array, { digest: string; key: KeyObject }>();
const maxCachedPublicKeys = 4096;
const importPublicKey = boundedCache(maxCachedPublicKeys, (publicKey) =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey) }, format: 'jwk' }),
);

/** @throws SecaggError `invalid` when the secret key is not 32 bytes, or all zeros, as a wiped one is */
export function ed25519PublicKey(secretKey: Uint8Array): Uint8Array {
  const { x } = createPublicKey(importSecretKey(secretKey)).export({ format: 'jwk' });
  return new Uint8Array(Buffer.from(x as string, 'base64url'));
}

/**
 * Deterministic signature, 64 bytes (RFC 8032 section 5.1.6).
 *
 * @param secretKey 32-byte seed
 * @throws SecaggError `invalid` when the secret key is not 32 bytes, or all zeros, as a wiped one is
 */
export function ed25519Sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, message, importSecretKey(secretKey)));
}

/** Whether the signature holds; false, never an error, for keys and signatures of any other shape. */
export function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== ed25519Lengths.publicKey || signature.length !== ed25519Lengths.signature) return false;
  if (!isAcceptableEd25519Point(publicKey) || !isAcceptableEd25519Point(signature)) return false;
  return verify(null, message, importPublicKey(publicKey), signature);
}

function importSecretKey(secretKey: Uint8Array): KeyObject {
  if (secretKey.length !== ed25519Lengths.secretKey) {
    throw new SecaggError('invalid', `an Ed25519 secret key has 32 bytes, not ${secretKey.length}`);
  }
  const digest = hash('sha256', secretKey, 'base64');
  const known = secretKeys.get(secretKey);
  if (known?.digest === digest) return known.key;
  secretKeys.delete(secretKey);
  if (secretKey.every((byte) => byte === 0)) throw new SecaggError('invalid', 'the Ed25519 secret key has been wiped');
  // JWK for the reasons given at ../sealing/x25519; only `d` is read.
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x: '', d: base64url(secretKey) }, format: 'jwk' });
  secretKeys.set(secretKey, { digest, key });
  return key;
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}
