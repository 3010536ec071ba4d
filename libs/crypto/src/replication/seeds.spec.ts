import { randomBytes } from 'node:crypto';
import { type MemberIndex, type SubsetMask } from '@secagg/schema';
import { domainHash } from '../transcript/hashing';
import {
  type CommitmentContext,
  commitmentList,
  commitmentOf,
  matchesCommitment,
  openBoxPlaintext,
} from './commitments';
import { pieces, piecesHeldBy } from './pieces';
import { boxPlaintext, drawSeeds, seedsFromPlaintext } from './seeds';

const random = (length: number) => new Uint8Array(randomBytes(length));
const all = pieces(7, 3);
const context: CommitmentContext = { pieces: all, configHash: random(32), routerId: 'router-1' };
const members = [0, 1, 2, 3, 4, 5, 6] as MemberIndex[];
const fresh = () => {
  const seeds = drawSeeds(all, random);
  return { seeds, commitments: commitmentList(context, seeds) };
};

describe('seeds', () => {
  it('are fresh, one for every piece', () => {
    const seeds = drawSeeds(all, random);
    expect([...seeds.keys()]).toEqual(all);
    expect(new Set([...seeds.values()].map((seed) => Buffer.from(seed).toString('hex'))).size).toBe(21);
  });

  it('take 32 bytes each from the source, in order, and own them', () => {
    const source = Uint8Array.from({ length: 64 }, (_, i) => i);
    const seeds = drawSeeds([1, 2] as SubsetMask[], (length) => source.subarray(0, length));
    expect([...(seeds.get(2 as SubsetMask) as Uint8Array)]).toEqual(Array.from({ length: 32 }, (_, i) => 32 + i));
    expect(source.every((byte) => byte === 0)).toBe(true);
  });

  it('are not made up from a source that gives too little', () => {
    expect(() => drawSeeds(all, () => new Uint8Array(31))).toThrow(expect.objectContaining({ code: 'internal' }));
  });

  it('travel in boxes that hold what each member holds, in order', () => {
    const { seeds } = fresh();
    for (const member of members) {
      const held = piecesHeldBy(member, all);
      const plaintext = boxPlaintext(all, member, seeds);
      expect(plaintext.length).toBe(32 * 15);
      expect(Buffer.from(plaintext)).toEqual(Buffer.concat(held.map((piece) => seeds.get(piece) as Uint8Array)));
      expect(seedsFromPlaintext(all, member, plaintext)).toEqual(
        new Map(held.map((piece) => [piece, seeds.get(piece)])),
      );
    }
  });

  it('survive the wiping of the box they came from', () => {
    const { seeds } = fresh();
    const plaintext = boxPlaintext(all, 0 as MemberIndex, seeds);
    const read = seedsFromPlaintext(all, 0 as MemberIndex, plaintext);
    plaintext.fill(0);
    expect([...read].every(([piece, seed]) => Buffer.compare(seed, seeds.get(piece) as Uint8Array) === 0)).toBe(true);
  });

  it('are missing from no box', () => {
    const { seeds } = fresh();
    seeds.delete(all[20]);
    expect(() => boxPlaintext(all, 0 as MemberIndex, seeds)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => commitmentList(context, seeds)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

describe('commitments', () => {
  it('are domain-separated hashes of configuration, router, piece and seed, in the order of the pieces', () => {
    const { seeds, commitments } = fresh();
    all.forEach((piece, i) => {
      const expected = domainHash(
        'pad/commitment',
        context.configHash,
        'router-1',
        piece,
        seeds.get(piece) as Uint8Array,
      );
      expect(commitments.slice(32 * i, 32 * i + 32)).toEqual(expected);
    });
  });

  it('open the boxes of all members', () => {
    const { seeds, commitments } = fresh();
    for (const member of members) {
      const opened = openBoxPlaintext(context, member, boxPlaintext(all, member, seeds), commitments);
      expect(opened).toEqual(new Map(piecesHeldBy(member, all).map((piece) => [piece, seeds.get(piece)])));
    }
  });

  it('name every seed that does not match', () => {
    const { seeds, commitments } = fresh();
    const held = piecesHeldBy(2 as MemberIndex, all);
    const plaintext = boxPlaintext(all, 2 as MemberIndex, seeds);
    plaintext[0] ^= 1;
    plaintext[32 * 14 + 31] ^= 128;
    expect(() => openBoxPlaintext(context, 2 as MemberIndex, plaintext, commitments)).toThrow(
      expect.objectContaining({ code: 'cannot_open', details: { party: 'router-1', pieces: [held[0], held[14]] } }),
    );
  });

  it('hold for one configuration, router and piece only', () => {
    const { seeds, commitments } = fresh();
    const [first, second] = all as [SubsetMask, SubsetMask];
    const seed = seeds.get(first) as Uint8Array;
    expect(matchesCommitment(context, commitments, first, seed)).toBe(true);
    expect(matchesCommitment(context, commitments, second, seed)).toBe(false);
    expect(matchesCommitment({ ...context, routerId: 'router-2' }, commitments, first, seed)).toBe(false);
    expect(matchesCommitment({ ...context, configHash: random(32) }, commitments, first, seed)).toBe(false);
    expect(commitmentOf(context.configHash, 'router-1', first, seed)).toEqual(commitments.slice(0, 32));
  });

  it('and boxes of a wrong length are refused', () => {
    const { seeds, commitments } = fresh();
    const plaintext = boxPlaintext(all, 0 as MemberIndex, seeds);
    const malformed = expect.objectContaining({ code: 'malformed' });
    expect(() => openBoxPlaintext(context, 0 as MemberIndex, plaintext.subarray(1), commitments)).toThrow(malformed);
    expect(() => openBoxPlaintext(context, 0 as MemberIndex, plaintext, commitments.subarray(32))).toThrow(malformed);
    expect(() => matchesCommitment(context, commitments, 7 as SubsetMask, random(32))).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
  });
});
