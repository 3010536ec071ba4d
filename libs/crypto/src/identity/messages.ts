import { type RandomBytes } from '@secagg/schema';
import { domainMessage } from '../transcript/hashing';
import { ed25519Lengths, ed25519PublicKey, ed25519Sign, ed25519Verify } from './ed25519';

/** What a signature is for: it holds for no other type of message, fleet or protocol version. */
export interface MessageDomain {
  /** Name of the message type, for instance `round.contribution`. */
  readonly type: string;
  readonly fleet: string;
}

export interface IdentityKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 32-byte seed, the caller's to keep and to wipe. */
  readonly secretKey: Uint8Array;
}

/**
 * A fresh Ed25519 key, for an identity or for the votes of one epoch. The array that `random` returns becomes the
 * secret key.
 */
export function generateIdentityKey(random: RandomBytes): IdentityKey {
  const secretKey = random(ed25519Lengths.secretKey);
  return { publicKey: ed25519PublicKey(secretKey), secretKey };
}

/**
 * Signs the deterministic encoding of a message:
 *
 *     Ed25519( lp("secagg/1/" || type) || lp(fleet) || bytes ),  lp(x) = length of x in bytes as 4 bytes big-endian,
 * then x in UTF-8
 *
 * Sign with one array object per key: importing costs as much as signing and is remembered for that object.
 *
 * @returns 64 bytes, the same for the same arguments
 * @throws SecaggError `invalid` when the secret key is not 32 bytes or has been wiped, or the domain is not well-formed
 * Unicode
 */
export function signMessage(secretKey: Uint8Array, domain: MessageDomain, bytes: Uint8Array): Uint8Array {
  return ed25519Sign(secretKey, signedBytes(domain, bytes));
}

/**
 * Whether `signature` is that of {@link signMessage} under this key, domain and bytes. False, never an error, for keys
 * and signatures of the wrong length, malleable signatures and small-order points.
 *
 * @throws SecaggError `invalid` when the domain is not well-formed Unicode
 */
export function verifyMessage(
  publicKey: Uint8Array,
  domain: MessageDomain,
  signature: Uint8Array,
  bytes: Uint8Array,
): boolean {
  return ed25519Verify(publicKey, signedBytes(domain, bytes), signature);
}

function signedBytes(domain: MessageDomain, bytes: Uint8Array): Uint8Array {
  const prefix = domainMessage(domain.type, domain.fleet);
  const message = new Uint8Array(prefix.length + bytes.length);
  message.set(prefix);
  message.set(bytes, prefix.length);
  return message;
}
