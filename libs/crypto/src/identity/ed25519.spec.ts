import { hash, randomBytes } from 'node:crypto';
import { ed25519 as reference } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import sodium from 'libsodium-wrappers';
import vectors from '../../vectors/rfc8032-ed25519.json';
import { ed25519PublicKey, ed25519Sign, ed25519Verify } from './ed25519';
import { isAcceptableEd25519Point } from './ed25519-points';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const seed = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((key) => key.some((byte) => byte !== 0));
const message = fc.uint8Array({ maxLength: 300 });
const { Point } = reference;
const order = Point.Fn.ORDER;

const littleEndian = (value: bigint) =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
const fromLittleEndian = (data: Uint8Array) => data.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const concat = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/**
 * (R, S) with S = r + H(R, A, M)·a for any encodings of R and A: what a signer who does not follow the rules can make.
 */
function craft(
  nonce: bigint,
  secret: bigint,
  encodedR: Uint8Array,
  encodedA: Uint8Array,
  text: Uint8Array,
): Uint8Array {
  const challenge = fromLittleEndian(hash('sha512', concat(encodedR, encodedA, text), 'buffer')) % order;
  return concat(encodedR, littleEndian((nonce + challenge * secret) % order));
}

const orderEight = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
const torsion = [Point.ZERO];
for (let i = 1; i < 8; i++) torsion.push((torsion.at(-1) as typeof orderEight).add(orderEight));

/** Every 32-byte string that decodes to a point of small order: y or y + p where that fits, with either sign bit. */
const smallOrderEncodings = torsion.flatMap((point) =>
  [point.y, point.y + Point.Fp.ORDER]
    .filter((y) => y < 1n << 255n)
    .flatMap((y) => [littleEndian(y), littleEndian(y | (1n << 255n))]),
);

beforeAll(() => sodium.ready);

describe('Ed25519', () => {
  it.each(vectors.cases)('gives the vectors of RFC 8032 ($publicKey)', (vector) => {
    expect(hex(ed25519PublicKey(bytes(vector.secretKey)))).toBe(vector.publicKey);
    expect(hex(ed25519Sign(bytes(vector.secretKey), bytes(vector.message)))).toBe(vector.signature);
    expect(ed25519Verify(bytes(vector.publicKey), bytes(vector.message), bytes(vector.signature))).toBe(true);
  });

  it('signs as libsodium does, and each accepts the other', () => {
    fc.assert(
      fc.property(seed, message, (secretKey, text) => {
        const theirs = sodium.crypto_sign_seed_keypair(secretKey);
        const signature = ed25519Sign(secretKey, text);
        expect(hex(ed25519PublicKey(secretKey))).toBe(hex(theirs.publicKey));
        expect(hex(signature)).toBe(hex(sodium.crypto_sign_detached(text, theirs.privateKey)));
        expect(ed25519Verify(theirs.publicKey, text, signature)).toBe(true);
        expect(sodium.crypto_sign_verify_detached(signature, text, theirs.publicKey)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('accepts a signature for its key, message and bytes only', () => {
    fc.assert(
      fc.property(seed, message, fc.nat(), (secretKey, text, bit) => {
        const parts = [
          ed25519PublicKey(secretKey),
          concat(text, Uint8Array.of(0)),
          ed25519Sign(secretKey, concat(text, Uint8Array.of(0))),
        ] as const;
        expect(ed25519Verify(...parts)).toBe(true);
        for (const part of parts) {
          const index = (bit >> 3) % part.length;
          part[index] = part[index] ^ (1 << (bit & 7));
          expect(ed25519Verify(...parts)).toBe(false);
          part[index] = part[index] ^ (1 << (bit & 7));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('refuses the second form of a signature, S + L', () => {
    const secretKey = new Uint8Array(randomBytes(32));
    const text = bytes('00ff');
    const signature = ed25519Sign(secretKey, text);
    const malleated = concat(signature.slice(0, 32), littleEndian(fromLittleEndian(signature.slice(32)) + order));
    expect(ed25519Verify(ed25519PublicKey(secretKey), text, malleated)).toBe(false);
  });

  it('knows all encodings of small-order points', () => {
    // 5 reduced y and p, p + 1, each with two signs.
    expect(new Set(smallOrderEncodings.map(hex)).size).toBe(14);
    for (const encoded of smallOrderEncodings) expect(isAcceptableEd25519Point(encoded)).toBe(false);
  });

  it('refuses small-order public keys, under which anybody can sign', () => {
    for (const encoded of smallOrderEncodings) {
      for (let i = 0; i < 16; i++) {
        const forged = craft(777n, 0n, Point.BASE.multiply(777n).toBytes(), encoded, Uint8Array.of(i));
        expect(ed25519Verify(encoded, Uint8Array.of(i), forged)).toBe(false);
      }
    }
  });

  it('agrees with libsodium on signatures made against the rules: shifted R or A, identity as R', () => {
    const secret = 123456789n;
    const nonces = [0n, 987654321n];
    const add = (scalar: bigint, point: typeof orderEight) =>
      (scalar === 0n ? Point.ZERO : Point.BASE.multiply(scalar)).add(point).toBytes();
    let accepted = 0;
    for (const nonce of nonces) {
      for (const shiftOfR of torsion) {
        for (const shiftOfA of torsion) {
          const encodedA = add(secret, shiftOfA);
          const text = Uint8Array.of(accepted & 255, torsion.indexOf(shiftOfR), torsion.indexOf(shiftOfA));
          const signature = craft(nonce, secret, add(nonce, shiftOfR), encodedA, text);
          const verdict = ed25519Verify(encodedA, text, signature);
          expect(verdict).toBe(sodium.crypto_sign_verify_detached(signature, text, encodedA));
          accepted += Number(verdict);
        }
      }
    }
    expect(accepted).toBeGreaterThan(0);
  });

  it('refuses coordinates that are not reduced', () => {
    // p + 2 to 2^255 - 1 = p + 18 each have a reduced twin that would be the same point.
    for (let y = 2n; y < 19n; y++) expect(isAcceptableEd25519Point(littleEndian(Point.Fp.ORDER + y))).toBe(false);
    expect(isAcceptableEd25519Point(littleEndian(Point.Fp.ORDER - 2n))).toBe(true);
    expect(isAcceptableEd25519Point(littleEndian(3n))).toBe(true);
  });

  it('answers false to keys off the curve and to wrong lengths', () => {
    const signature = new Uint8Array(64).fill(1);
    expect(ed25519Verify(littleEndian(2n), new Uint8Array(1), signature)).toBe(false);
    for (const length of [0, 31, 33])
      expect(ed25519Verify(new Uint8Array(length).fill(3), new Uint8Array(1), signature)).toBe(false);
    for (const length of [0, 63, 65])
      expect(ed25519Verify(littleEndian(3n), new Uint8Array(1), new Uint8Array(length).fill(1))).toBe(false);
  });

  it('follows the contents of the key array, and refuses a wiped or wrongly sized one', () => {
    const [one, other] = [new Uint8Array(randomBytes(32)), new Uint8Array(randomBytes(32))];
    const text = bytes('01');
    const array = one.slice();
    expect(hex(ed25519Sign(array, text))).toBe(hex(ed25519Sign(one, text)));
    array.set(other);
    expect(hex(ed25519Sign(array, text))).toBe(hex(ed25519Sign(other, text)));
    array.fill(0);
    for (const bad of [array, new Uint8Array(31).fill(1), new Uint8Array(64).fill(1)]) {
      expect(() => ed25519Sign(bad, text)).toThrow(expect.objectContaining({ code: 'invalid' }));
      expect(() => ed25519PublicKey(bad)).toThrow(expect.objectContaining({ code: 'invalid' }));
    }
  });
});
