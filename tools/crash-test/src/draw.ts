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

  /** An integer in [0, n). */
  below(n: number): number {
    return this.word() % n;
  }

  chance(probability: number): boolean {
    return this.word() < probability * 2 ** 32;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  /** 32 bits. */
  private word(): number {
    const s = this.state;
    const result = (s[0] + s[1] + s[3]) >>> 0;
    s[3]++;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + result;
    return result;
  }
}
