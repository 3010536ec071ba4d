import { createCipheriv, createDecipheriv, type CipherGCMTypes } from 'node:crypto';

/** An AEAD as HPKE numbers them (RFC 9180 section 7.3): 12-byte nonce, 16-byte tag at the end of the ciphertext. */
export interface Aead {
  readonly id: number;
  readonly keyLength: number;
  seal(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** The plaintext, or undefined when anything does not match. */
  open(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined;
}

export const nonceLength = 12;
export const tagLength = 16;

export const aes128Gcm = openSslAead(0x0001, 'aes-128-gcm', 16);
export const aes256Gcm = openSslAead(0x0002, 'aes-256-gcm', 32);
export const chaCha20Poly1305 = openSslAead(0x0003, 'chacha20-poly1305', 32);

function openSslAead(id: number, cipherName: string, keyLength: number): Aead {
  // Node types GCM and ChaCha20-Poly1305 apart but runs them alike, except that only GCM has a default tag length.
  const name = cipherName as CipherGCMTypes;
  const options = { authTagLength: tagLength };
  return {
    id,
    keyLength,
    seal(key, nonce, associatedData, plaintext) {
      const cipher = createCipheriv(name, key, nonce, options);
      cipher.setAAD(associatedData);
      const output = new Uint8Array(plaintext.length + tagLength);
      output.set(cipher.update(plaintext));
      cipher.final();
      output.set(cipher.getAuthTag(), plaintext.length);
      return output;
    },
    open(key, nonce, associatedData, ciphertext) {
      const length = ciphertext.length - tagLength;
      if (length < 0) return undefined;
      const decipher = createDecipheriv(name, key, nonce, options);
      decipher.setAAD(associatedData);
      decipher.setAuthTag(ciphertext.subarray(length));
      const unverified = decipher.update(ciphertext.subarray(0, length));
      try {
        decipher.final();
        return new Uint8Array(unverified);
      } catch {
        return undefined;
      } finally {
        unverified.fill(0);
      }
    },
  };
}
