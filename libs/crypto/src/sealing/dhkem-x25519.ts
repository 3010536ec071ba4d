import { type KeyObject } from 'node:crypto';
import { SecaggError } from '@secagg/schema';
import { type Kem, type KemOpener, type KemRecipient } from './kem';
import { kemSuiteId, labeledExpand, labeledExtract } from './labels';
import { hasSmallOrder, importX25519Public, importX25519Secret, x25519, x25519Length, x25519PublicKey } from './x25519';

const id = 0x0020;
const none = new Uint8Array(0);
const suiteId = kemSuiteId(id);
const extractPrk = labeledExtract(suiteId, 'eae_prk');
const expandSecret = labeledExpand(suiteId, 'shared_secret', 32);

/**
 * DHKEM(X25519, HKDF-SHA256), RFC 9180 section 4.1, without authentication. Seed and secret key: 32 random bytes,
 * clamped.
 */
export const dhkemX25519: Kem = {
  id,
  publicKeyLength: x25519Length,
  secretKeyLength: x25519Length,
  encapsulationLength: x25519Length,
  encapsulationSeedLength: x25519Length,
  publicKey: (secretKey) => x25519PublicKey(importX25519Secret(secretKey)),
  recipient,
  opener,
};

function recipient(publicKey: Uint8Array): KemRecipient {
  const recipientKey = publicKey.slice();
  const recipientPoint = importX25519Public(recipientKey);
  if (hasSmallOrder(recipientPoint)) throw new SecaggError('invalid', 'the X25519 public key has small order');
  return {
    kemId: id,
    encapsulate(seed) {
      const ephemeral = importX25519Secret(seed);
      const encapsulation = x25519PublicKey(ephemeral);
      const dh = x25519(ephemeral, recipientPoint);
      if (dh === undefined) throw new SecaggError('invalid', 'the X25519 public key has small order');
      return { sharedSecret: extractAndExpand(dh, encapsulation, recipientKey), encapsulation };
    },
  };
}

function opener(secretKey: Uint8Array): KemOpener {
  let secret: KeyObject | undefined = importX25519Secret(secretKey);
  const publicKey = x25519PublicKey(secret);
  return {
    kemId: id,
    publicKey,
    decapsulate(encapsulation) {
      if (secret === undefined) throw new SecaggError('cannot_open', 'the secret key has been erased');
      if (encapsulation.length !== x25519Length)
        throw new SecaggError('cannot_open', 'the encapsulation has the wrong length');
      const dh = x25519(secret, importX25519Public(encapsulation));
      if (dh === undefined) throw new SecaggError('cannot_open', 'the encapsulation has small order');
      return extractAndExpand(dh, encapsulation, publicKey);
    },
    erase() {
      // OpenSSL cleanses the key when the object is collected; there is no way to hurry it.
      secret = undefined;
    },
  };
}

/** ExtractAndExpand(dh, enc || pkRm); wipes `dh`. */
function extractAndExpand(dh: Uint8Array, encapsulation: Uint8Array, recipientKey: Uint8Array): Uint8Array {
  const prk = extractPrk(none, dh);
  const sharedSecret = expandSecret(prk, encapsulation, recipientKey);
  dh.fill(0);
  prk.fill(0);
  return sharedSecret;
}
