import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { unsafeReplayRandom } from '../sealing';
import { atRestOverhead, openAtRest, sealAtRest } from './sealed-blob';

const random = (length: number) => new Uint8Array(randomBytes(length));
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const failsWith = (code: string) => expect.objectContaining({ code });
const [key, secret] = [random(32), random(50)];

/**
 * XChaCha20-Poly1305 from OpenSSL's ChaCha20 (draft-irtf-cfrg-xchacha-03 section 2): HChaCha20 is the ChaCha20 block
 * without the final addition of the initial state, so subtracting that state from a key stream block gives it.
 */
function openWithOpenSsl(blob: Uint8Array, aad: Uint8Array): Uint8Array {
  const [nonce, ciphertext, tag] = [blob.subarray(1, 25), blob.subarray(25, -16), blob.subarray(-16)];
  const block = createCipheriv('chacha20', key, nonce.subarray(0, 16)).update(new Uint8Array(64));
  const initial = Buffer.concat([Buffer.from('expand 32-byte k'), key, nonce.subarray(0, 16)]);
  const subkey = Buffer.alloc(32);
  [0, 4, 8, 12, 48, 52, 56, 60].forEach((from, i) =>
    subkey.writeUInt32LE((block.readUInt32LE(from) - initial.readUInt32LE(from)) >>> 0, 4 * i),
  );
  const iv = Buffer.concat([new Uint8Array(4), nonce.subarray(16)]);
  const decipher = createDecipheriv('chacha20-poly1305', subkey, iv, { authTagLength: 16 });
  decipher.setAAD(aad, { plaintextLength: ciphertext.length });
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

describe('secrets at rest', () => {
  it('have the format they state, checked with another implementation of XChaCha20-Poly1305', async () => {
    const nonce = random(24);
    const blob = await sealAtRest(key, secret, 'identity/router-1', unsafeReplayRandom(nonce));
    expect(blob).toHaveLength(secret.length + atRestOverhead);
    expect(hex(blob.subarray(0, 25))).toBe(`01${hex(nonce)}`);
    expect(
      hex(openWithOpenSsl(blob, Buffer.from('\0\0\0\x10secagg/1/at-rest\0\0\0\x01\x01\0\0\0\x11identity/router-1'))),
    ).toBe(hex(secret));
  });

  it('open again under the same key and context', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.string(), async (plaintext, context) => {
        const blob = await sealAtRest(key, plaintext, context, random);
        expect(hex(await openAtRest(key, blob, context))).toBe(hex(plaintext));
      }),
    );
  });

  it('do not open with any bit changed, cut short, or under another key or context', async () => {
    const blob = await sealAtRest(key, secret, 'a', random);
    await fc.assert(
      fc.asyncProperty(fc.nat(blob.length * 8 - 1), async (bit) => {
        const damaged = blob.slice();
        damaged[bit >> 3] = blob[bit >> 3] ^ (1 << (bit & 7));
        await expect(openAtRest(key, damaged, 'a')).rejects.toEqual(failsWith('cannot_open'));
      }),
    );
    for (const length of [0, 1, atRestOverhead - 1, atRestOverhead, blob.length - 1]) {
      await expect(openAtRest(key, blob.slice(0, length), 'a')).rejects.toEqual(failsWith('cannot_open'));
    }
    await expect(openAtRest(key, blob, 'b')).rejects.toEqual(failsWith('cannot_open'));
    await expect(openAtRest(random(32), blob, 'a')).rejects.toEqual(failsWith('cannot_open'));
  });

  it('refuse keys of another length', async () => {
    await expect(sealAtRest(random(31), secret, 'a', random)).rejects.toEqual(failsWith('invalid'));
    await expect(openAtRest(random(33), random(100), 'a')).rejects.toEqual(failsWith('invalid'));
  });
});
