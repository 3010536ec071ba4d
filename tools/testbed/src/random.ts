/**
 * Randomness for tests and tools: the system's, and UNSAFE repeatable sources, for which whoever knows the seed knows
 * everything.
 */
import { createCipheriv, createHash, randomFillSync } from 'node:crypto';
import { type RandomBytes } from '@secagg/schema';

/** The operating system's. */
export const random: RandomBytes = (length) => randomFillSync(new Uint8Array(length));

/** UNSAFE repeatable bytes: AES-256-CTR under the hash of a seed. */
export function unsafeSeededRandom(seed: string): RandomBytes {
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), new Uint8Array(16));
  return (length) => new Uint8Array(cipher.update(new Uint8Array(length)));
}

/** Uniform in [0, 1). */
export type Uniform = () => number;

/** UNSAFE repeatable uniform numbers: mulberry32. Good enough for traffic, and a test never fails by chance. */
export function uniform(seed: number): Uniform {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers, two uniform ones for each. */
export const gaussianFrom =
  (next: Uniform): (() => number) =>
  () =>
    Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** UNSAFE repeatable choices: what is drawn follows from the seed alone. */
export class UnsafeDraw {
  private readonly state: Uint32Array;

  constructor(seed: string) {
    // FNV-1a over the seed, continued into four words; sfc32 (Doty-Humphrey) mixes them.
    let hash = 0x811c9dc5;
    for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
    this.state = Uint32Array.from([hash, hash ^ 0x9e3779b9, Math.imul(hash, 0x85ebca6b), 1]);
    for (let i = 0; i < 12; i++) this.word();
  }

  /** 32 bits. */
  word(): number {
    const s = this.state;
    const result = (s[0] + s[1] + s[3]) >>> 0;
    s[3]++;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + result;
    return result;
  }

  /** An integer in [0, n); 0 for n = 0. */
  below(n: number): number {
    return n > 0 ? this.word() % n : 0;
  }

  chance(probability: number): boolean {
    return this.word() < probability * 2 ** 32;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.word() & 0xff);
  }
}
