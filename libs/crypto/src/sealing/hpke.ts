import { type RandomBytes, SecaggError } from '@secagg/schema';
import { boundedCache } from '../bounded-cache';
import { type Aead, tagLength } from './aead';
import { type Kem, type KemOpener, type KemRecipient } from './kem';
import { keySchedule } from './key-schedule';

/** Some epochs' worth of the largest committees. */
const maxCachedRecipients = 256;

/** A sealed box as it goes over the wire. */
export interface Sealed {
  readonly encapsulation: Uint8Array;
  /** As long as the plaintext plus the suite's overhead. */
  readonly ciphertext: Uint8Array;
}

/**
 * Single-shot HPKE in base mode (RFC 9180 sections 5 and 6.1): anybody seals, one key opens, nothing authenticates the
 * sender.
 */
export interface Hpke {
  readonly publicKeyLength: number;
  readonly secretKeyLength: number;
  readonly encapsulationLength: number;
  /** Bytes a ciphertext is longer than its plaintext. */
  readonly overhead: number;

  /** Fresh key pair. The secret key is the caller's to keep and to wipe. */
  generateKeyPair(random: RandomBytes): { publicKey: Uint8Array; secretKey: Uint8Array };

  /**
   * Prepares a public key for any number of seals. The last few hundred are remembered, so asking again costs next to
   * nothing.
   *
   * @throws SecaggError `invalid` when it cannot be a key of this suite or has small order (worth asking when a seat is
   * offered:
   *   a committee member with such a key would stop every contribution of its epoch)
   */
  recipient(publicKey: Uint8Array): KemRecipient;

  /**
   * Seals one message under a fresh encapsulation.
   *
   * @param info what the key is for; part of the key derivation
   * @param associatedData what the message belongs to; authenticated only. Neither is transmitted
   * @param random each array it returns is taken over and wiped
   */
  seal(
    recipient: KemRecipient,
    info: Uint8Array,
    associatedData: Uint8Array,
    plaintext: Uint8Array,
    random: RandomBytes,
  ): Sealed;

  /** Prepares a secret key for any number of openings. @throws SecaggError `invalid` on a wrong length */
  opener(secretKey: Uint8Array): KemOpener;

  /** @throws SecaggError `cannot_open` whatever the reason: key, info, associated data, encapsulation or ciphertext */
  open(
    opener: KemOpener,
    encapsulation: Uint8Array,
    info: Uint8Array,
    associatedData: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array;
}

/** HPKE from a KEM and an AEAD, with HKDF-SHA256. */
export function hpke(kem: Kem, aead: Aead): Hpke {
  const deriveMessageKeys = keySchedule(kem, aead);
  return {
    publicKeyLength: kem.publicKeyLength,
    secretKeyLength: kem.secretKeyLength,
    encapsulationLength: kem.encapsulationLength,
    overhead: tagLength,

    generateKeyPair(random) {
      const secretKey = random(kem.secretKeyLength);
      return { publicKey: kem.publicKey(secretKey), secretKey };
    },

    recipient: boundedCache(maxCachedRecipients, kem.recipient),

    seal(recipient, info, associatedData, plaintext, random) {
      requireSameKem(kem, recipient.kemId);
      const seed = random(kem.encapsulationSeedLength);
      const { sharedSecret, encapsulation } = recipient.encapsulate(seed);
      const { key, nonce } = deriveMessageKeys(sharedSecret, info);
      const ciphertext = aead.seal(key, nonce, associatedData, plaintext);
      seed.fill(0);
      sharedSecret.fill(0);
      key.fill(0);
      return { encapsulation, ciphertext };
    },

    opener: kem.opener,

    open(opener, encapsulation, info, associatedData, ciphertext) {
      requireSameKem(kem, opener.kemId);
      const sharedSecret = opener.decapsulate(encapsulation);
      const { key, nonce } = deriveMessageKeys(sharedSecret, info);
      const plaintext = aead.open(key, nonce, associatedData, ciphertext);
      sharedSecret.fill(0);
      key.fill(0);
      if (plaintext === undefined)
        throw new SecaggError('cannot_open', 'the sealed box does not open under this key and context');
      return plaintext;
    },
  };
}

function requireSameKem(kem: Kem, prepared: number): void {
  if (prepared !== kem.id) throw new SecaggError('unsupported_suite', 'the key was prepared for another sealing suite');
}
