import { createHash, hash, type KeyObject } from 'node:crypto';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { SecaggError } from '@secagg/schema';
import { type Kem, type KemOpener, type KemRecipient } from './kem';
import { hasSmallOrder, importX25519Public, importX25519Secret, x25519, x25519Length, x25519PublicKey } from './x25519';

/**
 * X-Wing (draft-connolly-cfrg-xwing-kem-10; Barbosa et al., eprint 2024/039): ML-KEM-768 (FIPS 203) and X25519 side by
 * side, secure while either is. ML-KEM comes from @noble/post-quantum, everything else from node:crypto.
 *
 * One deviation, towards caution: the draft lets an all-zero X25519 secret through because the combiner does not need
 * the check. Here such keys and encapsulations are refused, as in the other suite; no honest party ever sends one.
 */
const id = 0x647a;
const seedLength = 32;
const mlKem = { publicKeyLength: 1184, ciphertextLength: 1088 } as const;
const publicKeyLength = mlKem.publicKeyLength + x25519Length;
const encapsulationLength = mlKem.ciphertextLength + x25519Length;
const label = Uint8Array.of(0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c);

export const xWing: Kem = {
  id,
  publicKeyLength,
  secretKeyLength: seedLength,
  encapsulationLength,
  encapsulationSeedLength: 2 * seedLength,
  publicKey: (secretKey) => {
    const { mlKemSecret, publicKey } = expandSecretKey(secretKey);
    mlKemSecret.fill(0);
    return publicKey;
  },
  recipient,
  opener,
};

function recipient(publicKey: Uint8Array): KemRecipient {
  if (publicKey.length !== publicKeyLength) {
    throw new SecaggError('invalid', `an X-Wing public key has ${publicKeyLength} bytes, not ${publicKey.length}`);
  }
  const mlKemPublic = publicKey.slice(0, mlKem.publicKeyLength);
  const x25519Public = publicKey.slice(mlKem.publicKeyLength);
  const x25519Point = importX25519Public(x25519Public);
  if (hasSmallOrder(x25519Point)) throw new SecaggError('invalid', 'the X25519 part of the public key has small order');
  requireCanonical(mlKemPublic);
  return {
    kemId: id,
    encapsulate(seed) {
      const { cipherText, sharedSecret: mlKemSecret } = ml_kem768.encapsulate(
        mlKemPublic,
        seed.subarray(0, seedLength),
      );
      const ephemeral = importX25519Secret(seed.subarray(seedLength));
      const x25519Encapsulation = x25519PublicKey(ephemeral);
      const x25519Secret = x25519(ephemeral, x25519Point);
      if (x25519Secret === undefined)
        throw new SecaggError('invalid', 'the X25519 part of the public key has small order');
      const encapsulation = new Uint8Array(encapsulationLength);
      encapsulation.set(cipherText);
      encapsulation.set(x25519Encapsulation, mlKem.ciphertextLength);
      return { sharedSecret: combine(mlKemSecret, x25519Secret, x25519Encapsulation, x25519Public), encapsulation };
    },
  };
}

function opener(secretKey: Uint8Array): KemOpener {
  const { mlKemSecret, x25519Secret, x25519Public, publicKey } = expandSecretKey(secretKey);
  let secret: KeyObject | undefined = x25519Secret;
  return {
    kemId: id,
    publicKey,
    decapsulate(encapsulation) {
      if (secret === undefined) throw new SecaggError('cannot_open', 'the secret key has been erased');
      if (encapsulation.length !== encapsulationLength)
        throw new SecaggError('cannot_open', 'the encapsulation has the wrong length');
      const x25519Encapsulation = encapsulation.subarray(mlKem.ciphertextLength);
      const x25519Shared = x25519(secret, importX25519Public(x25519Encapsulation));
      if (x25519Shared === undefined)
        throw new SecaggError('cannot_open', 'the X25519 part of the encapsulation has small order');
      const mlKemShared = ml_kem768.decapsulate(encapsulation.subarray(0, mlKem.ciphertextLength), mlKemSecret);
      return combine(mlKemShared, x25519Shared, x25519Encapsulation, x25519Public);
    },
    erase() {
      mlKemSecret.fill(0);
      secret = undefined;
    },
  };
}

/** expandDecapsulationKey (section 5.2): SHAKE256 of the 32-byte secret gives d, z of ML-KEM and the X25519 scalar. */
function expandSecretKey(secretKey: Uint8Array) {
  if (secretKey.length !== seedLength) {
    throw new SecaggError('invalid', `an X-Wing secret key has ${seedLength} bytes, not ${secretKey.length}`);
  }
  const expanded = createHash('shake256', { outputLength: 96 }).update(secretKey).digest();
  const { publicKey: mlKemPublic, secretKey: mlKemSecret } = ml_kem768.keygen(new Uint8Array(expanded.subarray(0, 64)));
  const x25519Secret = importX25519Secret(expanded.subarray(64));
  expanded.fill(0);
  const x25519Public = x25519PublicKey(x25519Secret);
  const publicKey = new Uint8Array(publicKeyLength);
  publicKey.set(mlKemPublic);
  publicKey.set(x25519Public, mlKem.publicKeyLength);
  return { mlKemSecret, x25519Secret, x25519Public, publicKey };
}

/** Combiner (section 5.3): SHA3-256(ss_M || ss_X || ct_X || pk_X || label). Wipes both secrets. */
function combine(
  mlKemSecret: Uint8Array,
  x25519Secret: Uint8Array,
  x25519Encapsulation: Uint8Array,
  x25519Public: Uint8Array,
): Uint8Array {
  const input = Buffer.concat([mlKemSecret, x25519Secret, x25519Encapsulation, x25519Public, label]);
  const secret = new Uint8Array(hash('sha3-256', input, 'buffer'));
  input.fill(0);
  mlKemSecret.fill(0);
  x25519Secret.fill(0);
  return secret;
}

/** Encapsulation key check (FIPS 203 section 7.2): every coefficient below q, as 12-bit little-endian pairs. */
function requireCanonical(mlKemPublic: Uint8Array): void {
  const q = 3329;
  const view = new DataView(mlKemPublic.buffer, mlKemPublic.byteOffset, mlKemPublic.length);
  for (let i = 0; i < mlKem.publicKeyLength - 32; i += 3) {
    const first = view.getUint16(i, true) & 0x0fff;
    const second = view.getUint16(i + 1, true) >> 4;
    if (first >= q || second >= q) {
      throw new SecaggError('invalid', 'the ML-KEM part of the public key is not canonical');
    }
  }
}
