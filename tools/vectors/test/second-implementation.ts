/**
 * A second implementation of what the vectors cover, written from the protocol's text alone: it shares nothing with the
 * library but node:crypto and makes no attempt at speed. Words are BigInt, packed vectors are one big integer,
 * committees are found by trying every subset.
 */
import { createCipheriv, createHash, hkdfSync } from 'node:crypto';

export const unhex = (text: string): Buffer => Buffer.from(text, 'hex');
export const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

export function bigEndian(value: number | bigint, length: number): Buffer {
  return unhex(BigInt(value).toString(16).padStart(2 * length, '0'));
}

/** A part as the vectors write it. */
export type Part = { text: string } | { number: number } | { hex: string };

function partBytes(part: Part): Buffer {
  if ('text' in part) return Buffer.from(part.text, 'utf8');
  return 'number' in part ? bigEndian(part.number, 8) : unhex(part.hex);
}

export const lp = (bytes: Uint8Array): Buffer => Buffer.concat([bigEndian(bytes.length, 4), bytes]);
export const message = (label: string, parts: Part[]): Buffer =>
  Buffer.concat([Buffer.from(`secagg/1/${label}`), ...parts.map(partBytes)].map(lp));
export const labelledHash = (label: string, parts: Part[]): Buffer => sha256(message(label, parts));

/** RFC 6962 section 2.1. */
export function treeHash(leaves: Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0]);
  const k = largestPowerBelow(leaves.length);
  return sha256(Buffer.of(1), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

/** RFC 6962 section 2.1.1. */
export function auditPath(index: number, leaves: Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = largestPowerBelow(leaves.length);
  return index < k
    ? [...auditPath(index, leaves.slice(0, k)), treeHash(leaves.slice(k))]
    : [...auditPath(index - k, leaves.slice(k)), treeHash(leaves.slice(0, k))];
}

function largestPowerBelow(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

export const packedBytes = (bits: number, dimension: number): number => Math.floor((bits * dimension + 7) / 8);

export function packWords(words: bigint[], bits: number): string {
  const whole = words.reduce((sum, word, i) => sum | (word << BigInt(i * bits)), 0n);
  return bigEndian(whole, packedBytes(bits, words.length)).reverse().toString('hex');
}

/** Undefined for what is not the encoding of a vector. */
export function unpackWords(packed: string, bits: number, dimension: number): bigint[] | undefined {
  if (packed.length !== 2 * packedBytes(bits, dimension)) return undefined;
  const whole = BigInt(`0x${unhex(packed).reverse().toString('hex')}`);
  if (whole >> BigInt(bits * dimension) !== 0n) return undefined;
  return Array.from({ length: dimension }, (_, i) => BigInt.asUintN(bits, whole >> BigInt(i * bits)));
}

export interface PadContext {
  suite: string;
  fleet: string;
  cluster: string;
  round: number;
  config_hash: string;
}

export function keystream(context: PadContext, router: string, piece: number, seed: string, bits: number, dimension: number) {
  const info = Buffer.concat([
    message('pad/keystream', [
      { text: context.suite }, { text: context.fleet }, { text: context.cluster }, { number: context.round },
      { hex: context.config_hash }, { text: router }, { hex: bigEndian(piece, 4).toString('hex') },
    ]),
  ]);
  const key = Buffer.from(hkdfSync('sha256', unhex(seed), Buffer.alloc(0), info, 32));
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(6 * dimension));
  const words = Array.from({ length: dimension }, (_, i) => BigInt.asUintN(bits, BigInt(stream.readUIntLE(6 * i, 6))));
  return { info, key, words };
}

const ones = (mask: number): number => [...mask.toString(2)].filter((digit) => digit === '1').length;
const allMasks = (m: number): number[] => Array.from({ length: 2 ** m }, (_, mask) => mask);

export const hasMember = (mask: number, member: number): boolean => Math.floor(mask / 2 ** member) % 2 === 1;
export const subsetsOf = (m: number, t: number): number[] => allMasks(m).filter((mask) => ones(mask) === t - 1);

/** The member of lowest index that is live and outside each piece. */
export function assignment(m: number, all: number[], live: number): number[] | null {
  const members = Array.from({ length: m }, (_, j) => j);
  const assigned = all.map((piece) => members.find((j) => hasMember(live, j) && !hasMember(piece, j)));
  return assigned.includes(undefined) ? null : (assigned as number[]);
}

/**
 * Most members that may be silent with a quorum, enough usable reports and t holders of every piece left, whoever they
 * are.
 */
export function silentTolerated(m: number, t: number): number {
  const stillWorks = (silent: number) =>
    2 * (m - ones(silent)) >= m + t && m - ones(silent) >= Math.min(m, 2 * t - 1) && subsetsOf(m, t).every((piece) => m - ones(piece | silent) >= t);
  let tolerated = 0;
  while (allMasks(m).filter((mask) => ones(mask) === tolerated + 1).every(stillWorks) && tolerated < m) tolerated++;
  return tolerated;
}
