import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import sodium from 'libsodium-wrappers';
import { generateIdentityKey, signMessage, verifyMessage } from './messages';

const random = (length: number) => new Uint8Array(randomBytes(length));
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const domain = fc.record({ type: text, fleet: text });
const bytes = fc.uint8Array({ maxLength: 100 });
const { publicKey, secretKey } = generateIdentityKey(random);

const lengthPrefixed = (content: string) => {
  const encoded = Buffer.from(content, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(encoded.length);
  return Buffer.concat([length, encoded]);
};

beforeAll(() => sodium.ready);

describe('signed messages', () => {
  it('are Ed25519 over lp("secagg/1/" || type) || lp(fleet) || bytes, checked with libsodium', () => {
    fc.assert(
      fc.property(domain, bytes, (where, body) => {
        const signature = signMessage(secretKey, where, body);
        const signed = Buffer.concat([lengthPrefixed(`secagg/1/${where.type}`), lengthPrefixed(where.fleet), body]);
        expect(sodium.crypto_sign_verify_detached(signature, signed, publicKey)).toBe(true);
        expect(verifyMessage(publicKey, where, signature, body)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('hold for one type, one fleet and one body, wherever the bytes between them are moved', () => {
    fc.assert(
      fc.property(domain, bytes, domain, bytes, (where, body, otherWhere, otherBody) => {
        const same =
          where.type === otherWhere.type && where.fleet === otherWhere.fleet && Buffer.compare(body, otherBody) === 0;
        expect(verifyMessage(publicKey, otherWhere, signMessage(secretKey, where, body), otherBody)).toBe(same);
      }),
      { numRuns: 50 },
    );
    const signature = signMessage(secretKey, { type: 'vote', fleet: 'ab' }, Buffer.from('c'));
    for (const [type, fleet, body] of [
      ['vote', 'a', 'bc'],
      ['vote', 'abc', ''],
      ['vot', 'eab', 'c'],
      ['votea', 'b', 'c'],
    ] as const) {
      expect(verifyMessage(publicKey, { type, fleet }, signature, Buffer.from(body))).toBe(false);
    }
  });

  it('do not hold under another key', () => {
    const where = { type: 'vote', fleet: 'f' };
    const other = generateIdentityKey(random);
    const body = random(9);
    const signature = signMessage(secretKey, where, body);
    expect(verifyMessage(publicKey, where, signature, body)).toBe(true);
    expect(verifyMessage(other.publicKey, where, signature, body)).toBe(false);
  });

  it('refuse domains that have no UTF-8', () => {
    expect(() => signMessage(secretKey, { type: 'vote', fleet: '\ud800' }, random(1))).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
  });
});
