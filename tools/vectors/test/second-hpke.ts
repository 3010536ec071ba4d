/**
 * HPKE base mode from the text of RFC 9180, for one suite: X25519, HKDF-SHA256, AES-256-GCM. Shares only node:crypto
 * with the library.
 */
import { createDecipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';

const ascii = (text: string): Buffer => Buffer.from(text, 'ascii');
const hmac = (key: Uint8Array, ...data: Uint8Array[]): Buffer => createHmac('sha256', key).update(Buffer.concat(data)).digest();

// Section 4.
const labeledExtract = (suite: Buffer, salt: Uint8Array, label: string, ikm: Uint8Array): Buffer =>
  hmac(salt.length === 0 ? Buffer.alloc(32) : salt, ascii('HPKE-v1'), suite, ascii(label), ikm);
const labeledExpand = (suite: Buffer, prk: Uint8Array, label: string, info: Uint8Array, length: number): Buffer =>
  hmac(prk, Buffer.of(0, length), ascii('HPKE-v1'), suite, ascii(label), info, Buffer.of(1)).subarray(0, length);

const der = { pkcs8: '302e020100300506032b656e04220420', spki: '302a300506032b656e032100' };
const secretKey = (raw: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([Buffer.from(der.pkcs8, 'hex'), raw]), format: 'der', type: 'pkcs8' });
const publicKey = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([Buffer.from(der.spki, 'hex'), raw]), format: 'der', type: 'spki' });

export const publicKeyOf = (raw: Uint8Array): Buffer =>
  Buffer.from(createPublicKey(secretKey(raw)).export({ format: 'der', type: 'spki' })).subarray(-32);

/** Sections 4.1 and 5.1: opens what was sealed to `secret`; throws when it does not authenticate. */
export function openBox(secret: Uint8Array, encapsulation: Uint8Array, info: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Buffer {
  const kem = Buffer.concat([ascii('KEM'), Buffer.of(0x00, 0x20)]);
  const hpke = Buffer.concat([ascii('HPKE'), Buffer.of(0x00, 0x20, 0x00, 0x01, 0x00, 0x02)]);
  const none = Buffer.alloc(0);
  const dh = diffieHellman({ privateKey: secretKey(secret), publicKey: publicKey(encapsulation) });
  const prk = labeledExtract(kem, none, 'eae_prk', dh);
  const shared = labeledExpand(kem, prk, 'shared_secret', Buffer.concat([encapsulation, publicKeyOf(secret)]), 32);
  const context = Buffer.concat([Buffer.of(0), labeledExtract(hpke, none, 'psk_id_hash', none), labeledExtract(hpke, none, 'info_hash', info)]);
  const scheduled = labeledExtract(hpke, shared, 'secret', none);
  const decipher = createDecipheriv('aes-256-gcm', labeledExpand(hpke, scheduled, 'key', context, 32), labeledExpand(hpke, scheduled, 'base_nonce', context, 12));
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}
