// Hashes, Merkle root and signatures of docs/protocol.md, "Length prefix, hash, signature" and "Merkle root".
import { createHash, createPrivateKey, createPublicKey, diffieHellman, verify } from 'node:crypto';
import { check } from './errors.mjs';

const FIELD_PRIME = 2n ** 255n - 19n;
// The y coordinates of the points of order 1, 2, 4 and 8, little-endian, without the sign bit.
const SMALL_ORDER_Y = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');
const SPKI_X25519 = Buffer.from('302a300506032b656e032100', 'hex');
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const anySecret = createPrivateKey({
  key: Buffer.concat([PKCS8_X25519, Buffer.alloc(32, 0x55)]),
  format: 'der',
  type: 'pkcs8',
});
// Making a key object costs as much as verifying with it, and a party's key is used several times.
const ed25519Keys = new Map();

export const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

function asBytes(part) {
  if (typeof part === 'string') return Buffer.from(part, 'utf8');
  if (typeof part !== 'number') return part;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(part));
  return bytes;
}

function lp(part) {
  const bytes = asBytes(part);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export const domainMessage = (label, ...parts) => Buffer.concat([lp(`secagg/1/${label}`), ...parts.map(lp)]);

export const domainHash = (label, ...parts) => sha256(domainMessage(label, ...parts));

export function merkleRoot(leaves) {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0]);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.of(1), merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split)));
}

// y below p and the point not of small order. The sign bit is not looked at: both signs of these points are refused.
function isAcceptedPoint(encoded) {
  const y = Buffer.from(encoded);
  y[31] &= 0x7f;
  if (SMALL_ORDER_Y.has(y.toString('hex'))) return false;
  return BigInt(`0x${Buffer.from(y).reverse().toString('hex')}`) < FIELD_PRIME;
}

// OpenSSL verifies without the cofactor, refuses S from the group order on and compares R as bytes; the rest is added
// here.
export function checkSignature(publicKey, type, fleet, body, signature, what) {
  const accepted = isAcceptedPoint(publicKey) && isAcceptedPoint(signature.subarray(0, 32));
  check(
    accepted && verifyEd25519(publicKey, Buffer.concat([domainMessage(type, fleet), body]), signature),
    'bad_signature',
    what,
  );
}

function verifyEd25519(publicKey, message, signature) {
  try {
    return verify(null, message, ed25519Key(publicKey), signature);
  } catch {
    return false;
  }
}

function ed25519Key(publicKey) {
  const name = publicKey.toString('hex');
  if (!ed25519Keys.has(name)) {
    ed25519Keys.set(
      name,
      createPublicKey({ key: Buffer.concat([SPKI_ED25519, publicKey]), format: 'der', type: 'spki' }),
    );
  }
  return ed25519Keys.get(name);
}

// X25519 gives all zeros exactly for points of small order, and OpenSSL refuses that.
function isUsableX25519(publicKey) {
  try {
    const other = createPublicKey({ key: Buffer.concat([SPKI_X25519, publicKey]), format: 'der', type: 'spki' });
    return diffieHellman({ privateKey: anySecret, publicKey: other }).some((byte) => byte !== 0);
  } catch {
    return false;
  }
}

export function isUsableKemKey(suite, key) {
  if (suite === 'hpke-x25519-sha256-aes256gcm') return key.length === 32 && isUsableX25519(key);
  if (key.length !== 1216) return false;
  for (let i = 0; i < 1152; i += 3) {
    const low = key[i] | ((key[i + 1] & 15) << 8);
    const high = (key[i + 1] >> 4) | (key[i + 2] << 4);
    if (low >= 3329 || high >= 3329) return false;
  }
  return isUsableX25519(key.subarray(1184));
}
