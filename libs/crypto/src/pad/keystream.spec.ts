import { createCipheriv, hkdfSync } from 'node:crypto';
import { type SubsetMask } from '@secagg/schema';
import * as fc from 'fast-check';
import { Keystream, padContext, type PadRound } from './keystream';

const lp = (bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

/** The derivation as its definition reads, over OpenSSL's own HKDF. */
function keyByDefinition(round: PadRound, routerId: string, piece: number, seed: Uint8Array): Buffer {
  const mask = Buffer.alloc(4);
  mask.writeUInt32BE(piece);
  const parts = [
    'secagg/1/pad/keystream',
    round.suite,
    round.fleet,
    round.cluster,
    u64(round.round),
    round.configHash,
    routerId,
    mask,
  ];
  const info = Buffer.concat(parts.map((part) => lp(typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.from(hkdfSync('sha256', seed, Buffer.alloc(0), info, 32));
}

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const anyRound = fc.record({
  suite: fc.constantFrom('pad', 'rlwe-2048'),
  fleet: fc.string({ unit: 'grapheme' }),
  cluster: fc.stringMatching(/^[0-9a-f]{16,64}$/),
  round: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  configHash: bytes32,
});
const anyPiece = fc.nat(2 ** 30 - 1).map((mask) => mask as SubsetMask);
const round: PadRound = { suite: 'pad', fleet: 'f', cluster: 'ab'.repeat(8), round: 1, configHash: new Uint8Array(32) };

describe('stream keys', () => {
  it('are HKDF-SHA256 of the seed over the whole context', () => {
    fc.assert(
      fc.property(anyRound, fc.string(), anyPiece, bytes32, (context, routerId, piece, seed) => {
        const key = padContext(context)(routerId).streamKey(piece, seed);
        expect(Buffer.from(key)).toEqual(keyByDefinition(context, routerId, piece, seed));
      }),
    );
  });

  it('do not depend on what the same pad derived before', () => {
    const pad = padContext(round)('router-1');
    const seed = new Uint8Array(32).fill(7);
    const first = pad.streamKey(5 as SubsetMask, seed);
    pad.streamKey(0x3fffffff as SubsetMask, seed);
    padContext(round)('router-2').streamKey(1 as SubsetMask, seed);
    expect(pad.streamKey(5 as SubsetMask, seed)).toEqual(first);
  });

  it.each([
    ['config hash', { configHash: new Uint8Array(31) }],
    ['round number zero', { round: 0 }],
    ['fractional round number', { round: 1.5 }],
  ])('are refused for a bad %s', (_, bad) => {
    expect(() => padContext({ ...round, ...bad })).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it('are refused for a seed of another length', () => {
    expect(() => padContext(round)('r').streamKey(0 as SubsetMask, new Uint8Array(31))).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
  });
});

describe('keystream', () => {
  it('is AES-256-CTR from a zero counter block, read in pieces of any size', () => {
    fc.assert(
      fc.property(
        bytes32,
        fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 5 }),
        (key, counts) => {
          const total = counts.reduce((a, b) => a + b, 0);
          const expected = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(6 * total));
          const keystream = new Keystream(key);
          const got = Buffer.concat(
            counts.map((count) => new Uint8Array(keystream.next(count).buffer.slice(0)).slice(0, 6 * count)),
          );
          expect(got).toEqual(expected);
        },
      ),
    );
  });

  it('starts with the AES-256 encryption of the zero block (NIST AESAVS, all-zero key and plaintext)', () => {
    const limbs = new Keystream(new Uint8Array(32)).next(2);
    const start = Buffer.from(limbs.buffer, limbs.byteOffset, 12).toString('hex');
    expect(start).toBe('dc95c078a2408989ad48a214');
  });
});
