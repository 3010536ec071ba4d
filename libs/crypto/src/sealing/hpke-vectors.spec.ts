import vectors from '../../vectors/rfc9180-base-x25519.json';
import { type Aead, aes128Gcm, aes256Gcm, chaCha20Poly1305 } from './aead';
import { dhkemX25519 } from './dhkem-x25519';
import { hpke } from './hpke';
import { keySchedule } from './key-schedule';
import { unsafeReplayRandom } from './unsafe-replay-random';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const aeads = new Map<number, Aead>([aes128Gcm, aes256Gcm, chaCha20Poly1305].map((aead) => [aead.id, aead]));

describe.each(vectors.cases)('RFC 9180 $name', (vector) => {
  const aead = aeads.get(vector.aead_id) as Aead;
  const suite = hpke(dhkemX25519, aead);

  it('derives the public keys', () => {
    expect(hex(dhkemX25519.publicKey(bytes(vector.skRm)))).toBe(vector.pkRm);
    expect(hex(dhkemX25519.publicKey(bytes(vector.skEm)))).toBe(vector.pkEm);
  });

  it('encapsulates and decapsulates the shared secret', () => {
    const { sharedSecret, encapsulation } = dhkemX25519.recipient(bytes(vector.pkRm)).encapsulate(bytes(vector.skEm));
    expect(hex(encapsulation)).toBe(vector.pkEm);
    expect(hex(sharedSecret)).toBe(vector.shared_secret);
    expect(hex(dhkemX25519.opener(bytes(vector.skRm)).decapsulate(encapsulation))).toBe(vector.shared_secret);
  });

  it('schedules the key and the nonce', () => {
    const { key, nonce } = keySchedule(dhkemX25519, aead)(bytes(vector.shared_secret), bytes(vector.info));
    expect(hex(key)).toBe(vector.key);
    expect(hex(nonce)).toBe(vector.base_nonce);
  });

  it('seals and opens the message', () => {
    const { info, aad, pt, ct } = vector;
    const random = unsafeReplayRandom(bytes(vector.skEm));
    const sealed = suite.seal(suite.recipient(bytes(vector.pkRm)), bytes(info), bytes(aad), bytes(pt), random);
    expect(hex(sealed.encapsulation)).toBe(vector.pkEm);
    expect(hex(sealed.ciphertext)).toBe(ct);
    const opened = suite.open(suite.opener(bytes(vector.skRm)), bytes(vector.pkEm), bytes(info), bytes(aad), bytes(ct));
    expect(hex(opened)).toBe(pt);
  });
});
