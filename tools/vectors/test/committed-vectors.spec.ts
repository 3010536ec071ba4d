import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBox, publicKeyOf } from './second-hpke';
import * as second from './second-implementation';
import { type PadContext, type Part, unhex } from './second-implementation';

const load = <T>(name: string) => JSON.parse(readFileSync(join(__dirname, '../../../vectors', name), 'utf8')) as T;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('committed vectors, recomputed by the second implementation', () => {
  it('hashing.json', () => {
    const { cases } = load<{ cases: { label: string; parts: Part[]; message: string; digest: string }[] }>('hashing.json');
    expect(cases.length).toBeGreaterThan(5);
    for (const { label, parts, message, digest } of cases) {
      expect(hex(second.message(label, parts))).toBe(message);
      expect(hex(second.labelledHash(label, parts))).toBe(digest);
    }
    expect(new Set(cases.map(({ digest }) => digest)).size).toBe(cases.length);
  });

  it('merkle.json', () => {
    const file = load<{ leaves: string[]; trees: { size: number; root: string; paths: string[][] }[] }>('merkle.json');
    expect(file.trees).toHaveLength(file.leaves.length + 1);
    for (const { size, root, paths } of file.trees) {
      const leaves = file.leaves.slice(0, size).map(unhex);
      expect(hex(second.treeHash(leaves))).toBe(root);
      expect(leaves.map((_, index) => second.auditPath(index, leaves).map(hex))).toEqual(paths);
    }
  });

  it('packing.json', () => {
    const file = load<{ cases: { bits: number; words: number[]; packed: string }[]; refused: { bits: number; dimension: number; packed: string; code: string }[] }>('packing.json');
    expect(new Set(file.cases.map(({ bits }) => bits)).size).toBeGreaterThan(10);
    for (const { bits, words, packed } of file.cases) {
      expect(second.packWords(words.map(BigInt), bits)).toBe(packed);
      expect(second.unpackWords(packed, bits, words.length)).toEqual(words.map(BigInt));
    }
    for (const { bits, dimension, packed, code } of file.refused) {
      expect(second.unpackWords(packed, bits, dimension)).toBeUndefined();
      expect(code).toBe(packed.length === 2 * second.packedBytes(bits, dimension) ? 'not_canonical' : 'malformed');
    }
  });

  it('keystreams.json', () => {
    type Case = PadContext & { router: string; piece: number; seed: string; info: string; key: string; bits: number; words: number[] };
    const { cases } = load<{ cases: Case[] }>('keystreams.json');
    expect(cases.length).toBeGreaterThan(5);
    for (const one of cases) {
      const { info, key, words } = second.keystream(one, one.router, one.piece, one.seed, one.bits, one.words.length);
      expect(hex(info)).toBe(one.info);
      expect(hex(key)).toBe(one.key);
      expect(words).toEqual(one.words.map(BigInt));
    }
    expect(new Set(cases.map(({ key }) => key)).size).toBe(cases.length);
  });

  it('committees.json', () => {
    interface Case {
      m: number; t: number; quorum: number; usable_threshold: number; absent: number; lying: number; colluding: number;
      pieces: number[]; held: number[][]; assignments: { live: number; members: number[] | null }[];
    }
    const { cases, refused } = load<{ cases: Case[]; refused: { m: number; t: number }[] }>('committees.json');
    for (const one of cases) {
      const { m, t } = one;
      expect(second.subsetsOf(m, t)).toEqual(one.pieces);
      expect(one.held).toEqual(Array.from({ length: m }, (_, j) => one.pieces.filter((piece) => !second.hasMember(piece, j))));
      for (const { live, members } of one.assignments) expect(second.assignment(m, one.pieces, live)).toEqual(members);
      // The smallest number of which any two sets share more than t-1 members.
      expect([2 * one.quorum - m >= t, 2 * (one.quorum - 1) - m >= t]).toEqual([true, false]);
      expect(one.usable_threshold).toBe(Math.min(m, 2 * t - 1));
      expect([one.absent, one.colluding]).toEqual([second.silentTolerated(m, t), t - 1]);
      expect(one.lying).toBe(Math.min(one.absent, t - 1));
    }
    for (const { m, t } of refused) {
      const tooManyPieces = m <= 20 && second.subsetsOf(m, t).length > 256;
      expect(m < 1 || m > 30 || m < 2 * t - 1 || tooManyPieces || (m === 30 && t === 3)).toBe(true);
    }
  });

  it('commitments.json', () => {
    interface Case {
      m: number; t: number; config_hash: string; router: string;
      seeds: { piece: number; seed: string }[]; commitments: string; box_plaintexts: string[];
    }
    for (const one of load<{ cases: Case[] }>('commitments.json').cases) {
      expect(one.seeds.map(({ piece }) => piece)).toEqual(second.subsetsOf(one.m, one.t));
      const list = one.seeds.map(({ piece, seed }) =>
        second.labelledHash('pad/commitment', [{ hex: one.config_hash }, { text: one.router }, { number: piece }, { hex: seed }]),
      );
      expect(hex(Buffer.concat(list))).toBe(one.commitments);
      const boxes = Array.from({ length: one.m }, (_, j) => one.seeds.filter(({ piece }) => !second.hasMember(piece, j)).map(({ seed }) => seed).join(''));
      expect(boxes).toEqual(one.box_plaintexts);
    }
  });

  it('encryption.json', () => {
    type Case = PadContext & {
      m: number; t: number; bits: number; dimension: number;
      contributions: { router: string; values: number[]; seeds: string[]; ciphertext: string }[];
      ciphertext_sum: string; piece_sums: { piece: number; sum: string }[]; sum: number[];
    };
    const { cases } = load<{ cases: Case[] }>('encryption.json');
    expect(cases.length).toBeGreaterThan(2);
    for (const one of cases) {
      const { bits, dimension } = one;
      const add = (a: bigint[], b: bigint[]) => a.map((word, i) => BigInt.asUintN(bits, word + (b[i])));
      const zero = new Array<bigint>(dimension).fill(0n);
      const all = second.subsetsOf(one.m, one.t);
      const streams = one.contributions.map(({ router, seeds }) =>
        all.map((piece, i) => second.keystream(one, router, piece, seeds[i], bits, dimension).words),
      );
      const ciphertexts = one.contributions.map(({ values }, i) => [values.map(BigInt), ...(streams[i])].reduce(add, zero));
      expect(ciphertexts.map((words) => second.packWords(words, bits))).toEqual(one.contributions.map(({ ciphertext }) => ciphertext));
      expect(second.packWords(ciphertexts.reduce(add, zero), bits)).toBe(one.ciphertext_sum);
      const pieceSums = all.map((piece, k) => ({ piece, sum: second.packWords(streams.map((list) => list[k]).reduce(add, zero), bits) }));
      expect(pieceSums).toEqual(one.piece_sums);
      const sums = zero.map((_, k) => one.contributions.reduce((sum, { values }) => sum + BigInt(values[k]), 0n));
      expect(one.sum.map(BigInt)).toEqual(sums);
      expect(sums.every((value) => BigInt.asIntN(bits, value) === value)).toBe(true);
    }
  });

  it('messages.json', () => {
    interface File {
      hashes: { name: string; label: string; parts: string[]; digest: string }[];
      groups: { epoch_hash: string; cluster: string; round: number; router: string; groups: number; group: number }[];
    }
    const { hashes, groups } = load<File>('messages.json');
    for (const { label, parts, digest } of hashes) expect(hex(second.labelledHash(label, parts.map((part) => ({ hex: part }))))).toBe(digest);
    for (const one of groups) {
      const digest = second.labelledHash('group', [{ hex: one.epoch_hash }, { text: one.cluster }, { number: one.round }, { text: one.router }]);
      expect(Number(BigInt(`0x${hex(digest.subarray(0, 6))}`) % BigInt(one.groups))).toBe(one.group);
    }
  });

  it('sealing.json', () => {
    interface Case {
      suite: string; member: number; secret_key: string; public_key: string; ephemeral_secret_key: string;
      info: string; aad: string; plaintext: string; encapsulation: string; ciphertext: string;
    }
    const file = load<{ fleet: string; router: string; epoch_hash: string; config_hash: string; cases: Case[] }>('sealing.json');
    expect(file.cases).toHaveLength(4);
    for (const one of file.cases) {
      expect(hex(second.message('sealed-seeds', [{ text: file.fleet }]))).toBe(one.info);
      const aad = second.message('box', [{ hex: file.epoch_hash }, { hex: file.config_hash }, { text: file.router }, { number: one.member }]);
      expect(hex(aad)).toBe(one.aad);
      expect(hex(publicKeyOf(unhex(one.secret_key)))).toBe(one.public_key);
      expect(hex(publicKeyOf(unhex(one.ephemeral_secret_key)))).toBe(one.encapsulation);
      const open = (context: Buffer) => openBox(unhex(one.secret_key), unhex(one.encapsulation), unhex(one.info), context, unhex(one.ciphertext));
      expect(hex(open(aad))).toBe(one.plaintext);
      expect(() => open(Buffer.concat([aad, Buffer.of(0)]))).toThrow();
    }
  });
});
