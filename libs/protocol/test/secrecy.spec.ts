/**
 * Everything the coordinator has, plus everything t-1 members have, leaves a router's vector undetermined: of every
 * honest router they miss exactly one seed, and for any candidate vector there is a stream for it that explains all
 * they see, the published sums included. With t members the vector is recovered.
 */
import { unpack, WordSum } from '@secagg/crypto';
import { contributionMessage, type SubsetMask } from '@secagg/schema';
import { type LocalMember, type OpenedViews } from '../src';
import { openedBy } from './support/opened';
import { quietFleet, random, Scenario } from './support/scenario';

const subsets = <T>(items: readonly T[], size: number): T[][] =>
  size === 0 ? [[]] : items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]));

describe.each([
  [1, 1],
  [3, 2],
  [4, 2],
  [7, 3],
  [10, 4],
])('of %i members, %i of whom open', (size, threshold) => {
  const scenario = new Scenario(quietFleet(size, threshold, Math.max(size, 2))).contribute().finish();
  const { fleet } = scenario;
  const { verified: round, headers } = scenario.round;
  const { dimension } = round;
  const bits = round.config.layout.word_bits;
  const modulus = 2 ** bits;
  const mod = (value: number): number => ((value % modulus) + modulus) % modulus;
  const each = (compute: (i: number) => number): Float64Array =>
    Float64Array.from({ length: dimension }, (_, i) => mod(compute(i)));

  const opened = new Map<LocalMember, OpenedViews>(fleet.members.map((member) => [member, openedBy(scenario, member)]));
  const ciphertext = (i: number): Float64Array =>
    unpack(
      contributionMessage.decode(fleet.coordinator.context.contribution(scenario.key, headers[i].header.router))
        .ciphertext,
      bits,
      dimension,
    );
  /** Contribution i's seeds that these members have together. */
  const pooled = (members: readonly LocalMember[], i: number): Map<SubsetMask, Uint8Array> =>
    new Map(members.flatMap((member) => [...((opened.get(member) as OpenedViews).seeds[i] ?? [])]));
  const keystream = (i: number, seeds: Iterable<[SubsetMask, Uint8Array]>): Float64Array => {
    const sum = new WordSum(dimension, bits);
    for (const [piece, seed] of seeds) sum.addKeystream(round.pad(headers[i].header.router).streamKey(piece, seed));
    return unpack(sum.toPacked(), bits, dimension);
  };
  const [victim, other] = [0, 1];
  const truth = scenario.vectorOf(
    fleet.routers.find((router) => router.identity.id === headers[victim].header.router) ?? fleet.routers[0],
  );

  it('every t members hold all seeds and recover the vector', () => {
    for (const members of subsets(fleet.members, threshold)) {
      const seeds = pooled(members, victim);
      expect([...seeds.keys()].sort((a, b) => a - b)).toEqual(round.epoch.pieces);
      const stream = keystream(victim, seeds);
      const y = ciphertext(victim);
      expect(each((i) => y[i] - stream[i])).toEqual(each((i) => truth[i]));
    }
  });

  it('every t-1 members miss the seed of their own subset, and any vector is consistent with all they have', () => {
    for (const members of subsets(fleet.members, threshold - 1)) {
      const mask = members.reduce((sum, member) => sum | (1 << (opened.get(member) as OpenedViews).member), 0);
      const known = [victim, other].map((i) => pooled(members, i));
      for (const seeds of known) expect(round.epoch.pieces.filter((piece) => !seeds.has(piece))).toEqual([mask]);

      const [y, yOther] = [victim, other].map(ciphertext);
      const [stream, streamOther] = [victim, other].map((i) => keystream(i, known[i]));
      // Any candidate at all: the victim's vector moved by anything, another honest router's moved back.
      const shift = each(() => Buffer.from(random(6)).readUIntBE(0, 6));
      const missing = (ys: Float64Array, ks: Float64Array, x: Float64Array): Float64Array =>
        each((i) => ys[i] - ks[i] - x[i]);
      const otherTruth = scenario.vectorOf(
        fleet.routers.find((router) => router.identity.id === headers[other].header.router) ?? fleet.routers[1],
      );
      const real = [missing(y, stream, truth), missing(yOther, streamOther, otherTruth)];
      const candidate = [
        missing(
          y,
          stream,
          each((i) => truth[i] + shift[i]),
        ),
        missing(
          yOther,
          streamOther,
          each((i) => otherTruth[i] - shift[i]),
        ),
      ];
      // The real streams are those of the seeds they miss.
      expect(real).toEqual(
        [victim, other].map((i) =>
          keystream(
            i,
            [...pooled(fleet.members, i)].filter(([piece]) => piece === mask),
          ),
        ),
      );
      // Both explain the piece sum that is published, and with it the published sum of the round.
      expect(each((i) => candidate[0][i] + candidate[1][i])).toEqual(each((i) => real[0][i] + real[1][i]));
      expect(candidate[0]).not.toEqual(real[0]);
      const published = unpack(
        scenario.transcript.pieces.find((entry) => entry.piece === mask)?.words as Uint8Array,
        bits,
        dimension,
      );
      const rest = headers.slice(2).map((_, k) =>
        keystream(
          k + 2,
          [...pooled(fleet.members, k + 2)].filter(([piece]) => piece === mask),
        ),
      );
      expect(each((i) => rest.reduce((sum, words) => sum + words[i], candidate[0][i] + candidate[1][i]))).toEqual(
        published,
      );
    }
  });
});

it("seeds and boxes of one router say nothing about another's, nor about its own next round", () => {
  const fleet = quietFleet(4, 2, 4);
  const seen = new Set<string>();
  let count = 0;
  for (let i = 0; i < 3; i++) {
    const scenario = new Scenario(fleet).contribute().finish();
    for (const seeds of openedBy(scenario, fleet.members[0]).seeds)
      for (const seed of seeds?.values() ?? []) {
        seen.add(Buffer.from(seed).toString('hex'));
        count++;
      }
  }
  expect(seen.size).toBe(count);
});
