/**
 * A key encapsulation mechanism in the shape that HPKE wants it (RFC 9180 section 4), over raw byte strings.
 *
 * Recipients and openers are prepared once per key: importing a key costs as much as half a seal.
 */
export interface Kem {
  /** Registered HPKE KEM identifier, a part of every derivation. */
  readonly id: number;
  readonly publicKeyLength: number;
  readonly secretKeyLength: number;
  readonly encapsulationLength: number;
  /** Uniformly random bytes that one encapsulation uses up. */
  readonly encapsulationSeedLength: number;

  /** @param secretKey uniformly random, `secretKeyLength` bytes */
  publicKey(secretKey: Uint8Array): Uint8Array;

  /**
   * @throws SecaggError `invalid` when the key has the wrong length, is not a canonical key, or would give a constant
   * secret
   */
  recipient(publicKey: Uint8Array): KemRecipient;

  /** @throws SecaggError `invalid` when the key has the wrong length */
  opener(secretKey: Uint8Array): KemOpener;
}

/** Somebody's public key, ready to seal to. */
export interface KemRecipient {
  readonly kemId: number;

  /**
   * @param seed fresh uniformly random `encapsulationSeedLength` bytes, used for nothing else
   * @returns a 32-byte shared secret, owned by the caller, and what its holder needs to recompute it
   */
  encapsulate(seed: Uint8Array): { sharedSecret: Uint8Array; encapsulation: Uint8Array };
}

/** A secret key, ready to open with. */
export interface KemOpener {
  readonly kemId: number;
  readonly publicKey: Uint8Array;

  /**
   * @returns the 32-byte shared secret, owned by the caller
   * @throws SecaggError `cannot_open` when the encapsulation cannot be one of this KEM, or the key has been erased
   */
  decapsulate(encapsulation: Uint8Array): Uint8Array;

  /** Wipes and drops the secret; afterwards nothing opens. Harmless when repeated. */
  erase(): void;
}
