import { type RandomBytes, SecaggError } from '@secagg/schema';
import sodium from 'libsodium-wrappers';
import { domainMessage } from '../transcript/hashing';

/**
 * Secrets at rest: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) of libsodium under one 32-byte key.
 *
 *     blob = version (1 byte, 0x01) || nonce (24 random bytes) || ciphertext || tag (16 bytes)
 *     associated data = lp("secagg/1/at-rest") || lp(version) || lp(context),  lp(x) = length of x as 4 bytes
 * big-endian, then x
 *
 * The 192-bit nonce is what lets many processes and restarts share one key without keeping a counter.
 */
const version = 1;
const keyLength = 32;
const nonceLength = 24;
const tagLength = 16;

/** Bytes that a blob is longer than its plaintext. */
export const atRestOverhead = 1 + nonceLength + tagLength;

/** Seals and opens under one key without waiting, for what is written inside a transaction. */
export interface AtRest {
  /**
   * @param context what and whose this secret is, for instance `epoch-secrets/fleet/7`; @throws SecaggError `invalid`
   * when it is not well-formed Unicode
   */
  seal(plaintext: Uint8Array, context: string): Uint8Array;
  /**
   * The plaintext, the caller's to wipe. @throws SecaggError `cannot_open` for another key, another context, damage or
   * an unknown version
   */
  open(blob: Uint8Array, context: string): Uint8Array;
}

/**
 * Asynchronous only because libsodium loads so.
 *
 * @param key 32 uniformly random bytes; kept, not copied
 * @throws SecaggError `invalid` when the key is not 32 bytes
 */
export async function atRest(key: Uint8Array, random: RandomBytes): Promise<AtRest> {
  requireKeyLength(key);
  await sodium.ready;
  return {
    seal: (plaintext, context) => seal(key, plaintext, context, random),
    open: (blob, context) => open(key, blob, context),
  };
}

/**
 * Seals a secret for the disk.
 *
 * @param key 32 uniformly random bytes
 * @param context what and whose this secret is, for instance `epoch-secrets/fleet/7`: the blob opens under the same
 * context only,
 *   so that blobs cannot be swapped for one another
 * @throws SecaggError `invalid` when the key is not 32 bytes or the context not well-formed Unicode
 */
export async function sealAtRest(
  key: Uint8Array,
  plaintext: Uint8Array,
  context: string,
  random: RandomBytes,
): Promise<Uint8Array> {
  requireKeyLength(key);
  await sodium.ready;
  return seal(key, plaintext, context, random);
}

/**
 * Opens what {@link sealAtRest} made.
 *
 * @returns the plaintext, the caller's to wipe
 * @throws SecaggError `invalid` when the key is not 32 bytes; `cannot_open` for another key, another context, damage or
 * an unknown version
 */
export async function openAtRest(key: Uint8Array, blob: Uint8Array, context: string): Promise<Uint8Array> {
  requireKeyLength(key);
  await sodium.ready;
  return open(key, blob, context);
}

function seal(key: Uint8Array, plaintext: Uint8Array, context: string, random: RandomBytes): Uint8Array {
  const nonce = random(nonceLength);
  const ciphertext = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    plaintext,
    associatedData(context),
    null,
    nonce,
    key,
  );
  const blob = new Uint8Array(1 + nonceLength + ciphertext.length);
  blob[0] = version;
  blob.set(nonce, 1);
  blob.set(ciphertext, 1 + nonceLength);
  return blob;
}

function open(key: Uint8Array, blob: Uint8Array, context: string): Uint8Array {
  if (blob.length < atRestOverhead || blob[0] !== version)
    throw new SecaggError('cannot_open', 'not a sealed blob of a known version');
  const nonce = blob.subarray(1, 1 + nonceLength);
  const ciphertext = blob.subarray(1 + nonceLength);
  try {
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, ciphertext, associatedData(context), nonce, key);
  } catch {
    throw new SecaggError('cannot_open', 'the sealed blob does not open under this key and context');
  }
}

function associatedData(context: string): Uint8Array {
  return domainMessage('at-rest', Uint8Array.of(version), context);
}

function requireKeyLength(key: Uint8Array): void {
  if (key.length !== keyLength)
    throw new SecaggError('invalid', `a key for secrets at rest has ${keyLength} bytes, not ${key.length}`);
}
