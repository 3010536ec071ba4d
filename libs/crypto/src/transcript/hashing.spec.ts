import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { domainHash, domainMessage, type HashPart } from './hashing';

/** The encoding as its definition reads, over BigInt. */
function encodeByDefinition(label: string, parts: readonly HashPart[]): Buffer {
  const encoded = [`secagg/1/${label}`, ...parts].map((part) => {
    if (typeof part === 'string') return Buffer.from(part, 'utf8');
    if (typeof part !== 'number') return Buffer.from(part);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(part));
    return bytes;
  });
  return Buffer.concat(
    encoded.flatMap((bytes) => [Buffer.from(bytes.length.toString(16).padStart(8, '0'), 'hex'), bytes]),
  );
}

const part = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.string({ unit: 'binary' }),
  fc.maxSafeNat(),
  // Longer than what is hashed in one call.
  fc.integer({ min: 2000, max: 2100 }).map((length) => new Uint8Array(length).fill(length)),
);

describe('domainHash', () => {
  it('is SHA-256 over the length-prefixed label and parts', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(part, { maxLength: 6 }), (label, parts) => {
        const message = encodeByDefinition(label, parts);
        expect(Buffer.from(domainMessage(label, ...parts))).toEqual(message);
        expect(Buffer.from(domainHash(label, ...parts))).toEqual(createHash('sha256').update(message).digest());
      }),
    );
  });

  it('has a fixed value for a fixed input', () => {
    expect(Buffer.from(domainMessage('x', 'é', 2 ** 32 + 1, Uint8Array.of(255))).toString('hex')).toBe(
      '0000000a7365636167672f312f78' + '00000002c3a9' + '000000080000000100000001' + '00000001ff',
    );
  });

  it('separates labels and the borders between parts', () => {
    const digests = [
      domainHash('a', 'bc'),
      domainHash('ab', 'c'),
      domainHash('a', 'b', 'c'),
      domainHash('a', 'bc', ''),
      domainHash('a', '', 'bc'),
    ].map((digest) => Buffer.from(digest).toString('hex'));
    expect(new Set(digests).size).toBe(digests.length);
  });

  it.each([[-1], [0.5], [2 ** 53], [Number.NaN], ['\ud800'], ['a\udc00b']])('refuses %p', (bad) => {
    expect(() => domainHash('x', bad)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => domainHash('x', new Uint8Array(4000), bad)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});
