import { randomBytes } from 'node:crypto';
import { XWing } from '@noble/post-quantum/hybrid.js';
import fc from 'fast-check';
import vectors from '../../vectors/xwing.json';
import { xWing } from './x-wing';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const ends = (data: Uint8Array) => [hex(data.slice(0, 32)), hex(data.slice(-32))];

describe('X-Wing', () => {
  it.each(vectors.cases)('gives the vectors of the draft ($seed)', ({ seed, eseed, pkEnds, ctEnds, ss }) => {
    const publicKey = xWing.publicKey(bytes(seed));
    const { sharedSecret, encapsulation } = xWing.recipient(publicKey).encapsulate(bytes(eseed));
    expect(ends(publicKey)).toEqual(pkEnds);
    expect(ends(encapsulation)).toEqual(ctEnds);
    expect(hex(sharedSecret)).toBe(ss);
    expect(hex(xWing.opener(bytes(seed)).decapsulate(encapsulation))).toBe(ss);
  });

  it('agrees with @noble/post-quantum byte for byte', () => {
    const seed = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(seed(32), seed(64), (secretKey, encapsulationSeed) => {
        const expected = XWing.keygen(secretKey);
        // A copy: noble wipes the seed it is given.
        const theirs = XWing.encapsulate(expected.publicKey, encapsulationSeed.slice());
        const ours = xWing.recipient(expected.publicKey).encapsulate(encapsulationSeed);
        expect(hex(xWing.publicKey(secretKey))).toBe(hex(expected.publicKey));
        expect(hex(ours.encapsulation)).toBe(hex(theirs.cipherText));
        expect(hex(ours.sharedSecret)).toBe(hex(theirs.sharedSecret));
        expect(hex(xWing.opener(secretKey).decapsulate(theirs.cipherText))).toBe(hex(theirs.sharedSecret));
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });

  it('answers a damaged ML-KEM ciphertext with an unrelated secret, as implicit rejection does', () => {
    const secretKey = new Uint8Array(randomBytes(32));
    const { sharedSecret, encapsulation } = xWing
      .recipient(xWing.publicKey(secretKey))
      .encapsulate(new Uint8Array(randomBytes(64)));
    encapsulation[0] = encapsulation[0] ^ 1;
    const rejected = xWing.opener(secretKey).decapsulate(encapsulation);
    expect(hex(rejected)).toBe(hex(XWing.decapsulate(encapsulation, secretKey)));
    expect(hex(rejected)).not.toBe(hex(sharedSecret));
  });

  it('refuses public keys with a coefficient of q or more (FIPS 203 section 7.2)', () => {
    const publicKey = xWing.publicKey(new Uint8Array(32).fill(7));
    for (const [index, mask] of [
      [0, 0xff],
      [1149, 0xff],
    ] as const) {
      const bad = publicKey.slice();
      bad.fill(mask, index, index + 3);
      expect(() => xWing.recipient(bad)).toThrow(expect.objectContaining({ code: 'invalid' }));
    }
  });
});
