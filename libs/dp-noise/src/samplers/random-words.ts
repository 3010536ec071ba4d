/** Source of uniformly random bytes: the operating system's CSPRNG outside tests. */
export type RandomBytes = (length: number) => Uint8Array;

/**
 * Hands out uniform 16-bit words from blocks of random bytes.
 *
 * Every block is wiped when it is used up and by `wipe`: the bytes determine the noise, and whoever has the noise can
 * subtract it. The bytes are consumed in order, little-endian, so a fixed source gives fixed noise.
 */
export class RandomWords {
  private block: Uint8Array = new Uint8Array(0);
  private position = 0;

  /** @param blockBytes even; how many bytes to fetch at a time (a sample takes about 30) */
  constructor(
    private readonly random: RandomBytes,
    private readonly blockBytes: number,
  ) {}

  /** A uniform integer in [0, 2^16). */
  next(): number {
    if (this.position === this.block.length) this.refill();
    const at = this.position;
    this.position = (at + 2) | 0;
    return this.block[at] | (this.block[(at + 1) | 0] << 8);
  }

  /** Forgets what is left of the block; the next call of `next` fetches another. */
  wipe(): void {
    this.block.fill(0);
    this.position = this.block.length;
  }

  private refill(): void {
    this.block.fill(0);
    this.block = this.random(this.blockBytes);
    this.position = 0;
    if (this.block.length !== this.blockBytes)
      throw new RangeError('The random source returned a wrong number of bytes');
  }
}
