import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { sealingSuite, sealingSuiteIds } from './suites';
import { unsafeReplayRandom } from './unsafe-replay-random';

const random = (length: number) => new Uint8Array(randomBytes(length));
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const failsWith = (code: string) => expect.objectContaining({ code });
const flipped = (data: Uint8Array, bit: number) => {
  const copy = data.slice();
  const index = (bit >> 3) % copy.length;
  copy[index] = copy[index] ^ (1 << (bit & 7));
  return copy;
};
const [info, aad] = [new Uint8Array([1, 2, 3]), new Uint8Array([4, 5])];

describe.each(sealingSuiteIds)('%s', (id) => {
  const suite = sealingSuite(id);
  const { publicKey, secretKey } = suite.generateKeyPair(random);
  const recipient = suite.recipient(publicKey);
  const opener = suite.opener(secretKey);
  const numRuns = suite.postQuantum ? 15 : 100;

  it('has the lengths it states', () => {
    const sealed = suite.seal(recipient, info, aad, new Uint8Array(100), random);
    expect(publicKey).toHaveLength(suite.publicKeyLength);
    expect(secretKey).toHaveLength(suite.secretKeyLength);
    expect(sealed.encapsulation).toHaveLength(suite.encapsulationLength);
    expect(sealed.ciphertext).toHaveLength(100 + suite.overhead);
    expect(hex(opener.publicKey)).toBe(hex(publicKey));
  });

  it('opens what was sealed, and leaves keys, context and messages untouched', () => {
    const data = fc.uint8Array({ maxLength: 600 });
    fc.assert(
      fc.property(data, data, data, (someInfo, someAad, plaintext) => {
        const inputs = [someInfo, someAad, plaintext, publicKey, secretKey];
        const before = inputs.map(hex);
        const { encapsulation, ciphertext } = suite.seal(recipient, someInfo, someAad, plaintext, random);
        expect(hex(suite.open(opener, encapsulation, someInfo, someAad, ciphertext))).toBe(hex(plaintext));
        expect(inputs.map(hex)).toEqual(before);
      }),
      { numRuns },
    );
  });

  it('does not open when any bit of encapsulation, info, associated data or ciphertext differs', () => {
    const plaintext = new Uint8Array(40).fill(9);
    const { encapsulation, ciphertext } = suite.seal(recipient, info, aad, plaintext, random);
    // The top bit of an X25519 encapsulation is ignored by the curve but not by the derivation: it is part of the
    // property.
    fc.assert(
      fc.property(fc.nat(1 << 20), (bit) => {
        const attempts = [
          () => suite.open(opener, flipped(encapsulation, bit), info, aad, ciphertext),
          () => suite.open(opener, encapsulation, flipped(info, bit), aad, ciphertext),
          () => suite.open(opener, encapsulation, info, flipped(aad, bit), ciphertext),
          () => suite.open(opener, encapsulation, info, aad, flipped(ciphertext, bit)),
        ];
        for (const attempt of attempts) expect(attempt).toThrow(failsWith('cannot_open'));
      }),
      { numRuns },
    );
    const topBit = flipped(encapsulation, suite.encapsulationLength * 8 - 1);
    expect(() => suite.open(opener, topBit, info, aad, ciphertext)).toThrow(failsWith('cannot_open'));
  });

  it('does not open under another key, nor when bytes move between info and associated data', () => {
    const { encapsulation, ciphertext } = suite.seal(recipient, info, aad, aad, random);
    const stranger = suite.opener(suite.generateKeyPair(random).secretKey);
    expect(() => suite.open(stranger, encapsulation, info, aad, ciphertext)).toThrow(failsWith('cannot_open'));
    expect(() =>
      suite.open(opener, encapsulation, new Uint8Array([1, 2, 3, 4]), new Uint8Array([5]), ciphertext),
    ).toThrow(failsWith('cannot_open'));
  });

  it('refuses encapsulations and ciphertexts of impossible lengths', () => {
    const { encapsulation, ciphertext } = suite.seal(recipient, info, aad, new Uint8Array(0), random);
    for (const wrong of [new Uint8Array(0), encapsulation.slice(1), Buffer.concat([encapsulation, aad])]) {
      expect(() => suite.open(opener, wrong, info, aad, ciphertext)).toThrow(failsWith('cannot_open'));
    }
    for (const wrong of [new Uint8Array(0), ciphertext.slice(0, 15)]) {
      expect(() => suite.open(opener, encapsulation, info, aad, wrong)).toThrow(failsWith('cannot_open'));
    }
  });

  it('refuses keys of the wrong length and small-order keys before anything is sealed to them', () => {
    for (const length of [0, suite.publicKeyLength - 1, suite.publicKeyLength + 1]) {
      expect(() => suite.recipient(new Uint8Array(length))).toThrow(failsWith('invalid'));
    }
    expect(() => suite.opener(new Uint8Array(suite.secretKeyLength + 1))).toThrow(failsWith('invalid'));
    // The X25519 part comes last in both suites; u = 1 has order 4.
    const smallOrder = publicKey.slice();
    smallOrder.fill(0, -32);
    smallOrder[suite.publicKeyLength - 32] = 1;
    expect(() => suite.recipient(smallOrder)).toThrow(failsWith('invalid'));
  });

  it('refuses small-order encapsulations', () => {
    const { encapsulation, ciphertext } = suite.seal(recipient, info, aad, aad, random);
    encapsulation.fill(0, -32);
    expect(() => suite.open(opener, encapsulation, info, aad, ciphertext)).toThrow(failsWith('cannot_open'));
  });

  it('uses fresh randomness for every seal, and nothing but it', () => {
    const seedLength = suite.postQuantum ? 64 : 32;
    const stream = (n: number) =>
      new Uint8Array(createHash('shake256', { outputLength: seedLength }).update(`${id} ${n}`).digest());
    const seal = (seed: Uint8Array) => suite.seal(recipient, info, aad, aad, unsafeReplayRandom(seed));
    expect(seal(stream(1))).toEqual(seal(stream(1)));
    expect(hex(seal(stream(1)).encapsulation)).not.toBe(hex(seal(stream(2)).encapsulation));
  });

  it('wipes the randomness it was given', () => {
    const given: Uint8Array[] = [];
    suite.seal(recipient, info, aad, aad, (length) => {
      given.push(random(length));
      return given.at(-1) as Uint8Array;
    });
    expect(given.map((array) => array.every((byte) => byte === 0))).toEqual([true]);
  });

  it('opens nothing after the key was erased', () => {
    const { encapsulation, ciphertext } = suite.seal(recipient, info, aad, aad, random);
    const erased = suite.opener(secretKey);
    erased.erase();
    erased.erase();
    expect(() => suite.open(erased, encapsulation, info, aad, ciphertext)).toThrow(failsWith('cannot_open'));
    expect(hex(suite.open(opener, encapsulation, info, aad, ciphertext))).toBe(hex(aad));
  });
});

describe('sealing suites', () => {
  it('do not take keys prepared for one another', () => {
    const [one, other] = [sealingSuite('hpke-x25519-sha256-aes256gcm'), sealingSuite('hpke-xwing-sha256-aes256gcm')];
    const keys = one.generateKeyPair(random);
    const sealed = one.seal(one.recipient(keys.publicKey), info, aad, aad, random);
    expect(() => other.seal(one.recipient(keys.publicKey), info, aad, aad, random)).toThrow(
      failsWith('unsupported_suite'),
    );
    expect(() => other.open(one.opener(keys.secretKey), sealed.encapsulation, info, aad, sealed.ciphertext)).toThrow(
      failsWith('unsupported_suite'),
    );
  });

  it.each(['', 'hpke', '__proto__'])('refuse the unknown name %p', (id) => {
    expect(() => sealingSuite(id)).toThrow(failsWith('unsupported_suite'));
  });
});
