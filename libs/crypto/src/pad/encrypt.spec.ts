import { createHash } from 'node:crypto';
import { type MemberIndex, type SubsetMask } from '@secagg/schema';
import * as fc from 'fast-check';
import { holds, pieces } from '../replication/pieces';
import { drawSeeds, type Seeds } from '../replication/seeds';
import { encryptVector } from './encrypt';
import { padContext, type RouterPad } from './keystream';
import { WordSum } from './word-sum';

const pads = padContext({
  suite: 'pad',
  fleet: 'fleet',
  cluster: '0123456789abcdef',
  round: 3,
  configHash: new Uint8Array(32).fill(9),
});

/** Repeatable bytes, so that a failing case can be run again. */
function unsafeRandom(seed: number) {
  let counter = 0;
  return (length: number) => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, () =>
      createHash('sha256').update(`${seed}/${counter++}`).digest(),
    );
    return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
  };
}

/** Ciphertext minus all keystreams of the given seeds. */
function strip(pad: RouterPad, ciphertext: Uint8Array, dimension: number, bits: number, seeds: Seeds): WordSum {
  const rest = new WordSum(dimension, bits);
  rest.addPacked(ciphertext);
  const streams = new WordSum(dimension, bits);
  for (const [piece, seed] of seeds) streams.addKeystream(pad.streamKey(piece, seed));
  rest.subtract(streams);
  return rest;
}

const subset = (seeds: Seeds, keep: (piece: SubsetMask) => boolean) =>
  new Map([...seeds].filter(([piece]) => keep(piece)));

const sizes = fc.record({ bits: fc.integer({ min: 2, max: 48 }), dimension: fc.integer({ min: 1, max: 30 }) });
const vectors = (count: number) =>
  sizes.chain(({ bits, dimension }) => {
    const limit = Math.floor((2 ** (bits - 1) - 1) / count);
    const one = fc.array(fc.integer({ min: -limit, max: limit }), { minLength: dimension, maxLength: dimension });
    return fc.record({
      bits: fc.constant(bits),
      list: fc.array(one, { minLength: count, maxLength: count }),
      seed: fc.nat(),
    });
  });

describe('encryption', () => {
  it('adds up: sum of ciphertexts minus sum of keystreams is the sum of the vectors', () => {
    fc.assert(
      fc.property(vectors(5), ({ bits, list, seed }) => {
        const random = unsafeRandom(seed);
        const dimension = list[0]?.length;
        const all = pieces(4, 2);
        const total = new WordSum(dimension, bits);
        // One sum of keystreams for each piece, as its holders compute it.
        const streams = new Map(all.map((piece) => [piece, new WordSum(dimension, bits)]));
        list.forEach((values, i) => {
          const pad = pads(`router-${i}`);
          const seeds = drawSeeds(all, random);
          total.addPacked(encryptVector(pad, bits, Float64Array.from(values), seeds));
          for (const [piece, sum] of streams) sum.addKeystream(pad.streamKey(piece, seeds.get(piece) as Uint8Array));
        });
        for (const sum of streams.values()) total.subtract(sum);
        const expected = Array.from({ length: dimension }, (_, k) => list.reduce((sum, values) => sum + values[k], 0));
        expect([...total.toSigned()]).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    [3, 2],
    [4, 2],
    [5, 3],
  ])('by pads of %i members: any %i of them recover the vector, one fewer learn nothing', (m, t) => {
    fc.assert(
      fc.property(vectors(2), ({ bits, list, seed }) => {
        const [x, candidate] = list as [number[], number[]];
        const dimension = x.length;
        const pad = pads('router');
        const all = pieces(m, t);
        const seeds = drawSeeds(all, unsafeRandom(seed));
        const ciphertext = encryptVector(pad, bits, Float64Array.from(x), seeds);
        for (let group = 0; group < 2 ** m; group++) {
          const members = Array.from({ length: m }, (_, j) => j as MemberIndex).filter((j) => (group >> j) & 1);
          const known = subset(seeds, (piece) => members.some((j) => holds(j, piece)));
          const rest = strip(pad, ciphertext, dimension, bits, known);
          if (members.length >= t) expect([...rest.toSigned()]).toEqual(x);
          if (members.length === t - 1) {
            // The view is the ciphertext and all but one keystream. For any candidate there is exactly one keystream
            // for the missing piece that explains the view, so a missing keystream that is uniform makes all equally
            // likely.
            expect(known.size).toBe(all.length - 1);
            const explanation = new WordSum(dimension, bits);
            explanation.addPacked(rest.toPacked());
            const guess = new WordSum(dimension, bits);
            guess.addIntegers(Float64Array.from(candidate));
            explanation.subtract(guess);
            const remade = new WordSum(dimension, bits);
            remade.addIntegers(Float64Array.from(candidate));
            for (const [piece, known_] of known) remade.addKeystream(pad.streamKey(piece, known_));
            remade.addPacked(explanation.toPacked());
            expect(remade.toPacked()).toEqual(ciphertext);
            // And the true one is the keystream of the seed that nobody in the group has.
            const missing = new WordSum(dimension, bits);
            missing.addKeystream(pad.streamKey(group as SubsetMask, seeds.get(group as SubsetMask) as Uint8Array));
            const truth = new WordSum(dimension, bits);
            truth.addIntegers(Float64Array.from(x));
            rest.subtract(truth);
            expect(missing.toPacked()).toEqual(rest.toPacked());
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  it('uses another keystream for every router, round, piece and seed', () => {
    const zero = new Float64Array(8);
    const seed = new Uint8Array(32).fill(1);
    const other = padContext({
      suite: 'pad',
      fleet: 'fleet',
      cluster: '0123456789abcdef',
      round: 4,
      configHash: new Uint8Array(32).fill(9),
    });
    const streams = [
      encryptVector(pads('a'), 48, zero, new Map([[1 as SubsetMask, seed]])),
      encryptVector(pads('b'), 48, zero, new Map([[1 as SubsetMask, seed]])),
      encryptVector(pads('a'), 48, zero, new Map([[2 as SubsetMask, seed]])),
      encryptVector(other('a'), 48, zero, new Map([[1 as SubsetMask, seed]])),
      encryptVector(pads('a'), 48, zero, new Map([[1 as SubsetMask, new Uint8Array(32).fill(2)]])),
    ];
    expect(new Set(streams.map((stream) => Buffer.from(stream).toString('hex'))).size).toBe(streams.length);
  });

  it('changes neither its vector nor its seeds', () => {
    const values = Float64Array.of(1, -2, 3);
    const seeds = drawSeeds(pieces(3, 2), unsafeRandom(1));
    const copy = structuredClone(seeds);
    encryptVector(pads('a'), 10, values, seeds);
    expect([...values]).toEqual([1, -2, 3]);
    expect(seeds).toEqual(copy);
  });

  it('refuses a value that does not fit, and a vector without a seed to hide it', () => {
    const seeds = drawSeeds(pieces(3, 2), unsafeRandom(1));
    const invalid = expect.objectContaining({ code: 'invalid' });
    expect(() => encryptVector(pads('a'), 10, Float64Array.of(512), seeds)).toThrow(invalid);
    expect(() => encryptVector(pads('a'), 10, Float64Array.of(1), new Map())).toThrow(invalid);
  });
});
