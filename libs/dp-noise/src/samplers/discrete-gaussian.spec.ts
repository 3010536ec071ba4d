import fc from 'fast-check';
import { unsafeSeededRandom } from '@secagg/testbed/random';
import { DiscreteGaussianSampler, sampleDiscreteGaussian } from './discrete-gaussian';
import { RandomWords } from './random-words';
import type { Variance } from './variance';

/** Algorithms 1 to 3 in BigInt fractions on the same stream of words: no bounds, no shortcuts. */
class ReferenceSampler {
  private readonly a: bigint;
  private readonly b: bigint;
  private bits = 0n;

  constructor(
    { numerator, denominator }: Variance,
    private readonly words: RandomWords,
  ) {
    [this.a, this.b] = [BigInt(numerator), BigInt(denominator)];
    while (2n ** (2n * this.bits + 2n) * this.b <= 2n * this.a) this.bits += 1n;
  }

  private isBelow(numerator: bigint, denominator: bigint): boolean {
    // Compares long division digits: floor(2^16 r) against one word at a time.
    let remainder = numerator;
    for (;;) {
      if (remainder >= denominator) return true;
      const word = BigInt(this.words.next());
      const digit = (remainder << 16n) / denominator;
      remainder = (remainder << 16n) % denominator;
      if (word !== digit) return word < digit;
      if (remainder === 0n) return false;
    }
  }

  private bernoulliExp(numerator: bigint, denominator: bigint): boolean {
    for (let whole = numerator / denominator; whole > 0n; whole--) if (!this.bernoulliExpFraction(1n, 1n)) return false;
    return this.bernoulliExpFraction(numerator % denominator, denominator);
  }

  private bernoulliExpFraction(numerator: bigint, denominator: bigint): boolean {
    let k = 1n;
    while (this.isBelow(numerator, denominator * k)) k += 1n;
    return k % 2n === 1n;
  }

  sample(): bigint {
    const t = 1n << this.bits;
    for (;;) {
      let u: bigint;
      do {
        const high = BigInt(this.words.next());
        u = this.bits <= 16n ? high % t : (high % (t >> 16n) << 16n) + BigInt(this.words.next());
      } while (!this.bernoulliExp(u, t));
      let magnitude = u;
      while (this.bernoulliExpFraction(1n, 1n)) magnitude += t;
      const negative = this.words.next() % 2 === 1;
      if (negative && magnitude === 0n) continue;
      // (|Y| - sigma^2/t)^2/(2 sigma^2) as a fraction.
      const deviation = magnitude * t * this.b - this.a;
      if (this.bernoulliExp(deviation ** 2n, 2n * this.a * this.b * t * t)) return negative ? -magnitude : magnitude;
    }
  }
}

const variances = fc
  .record({
    numerator: fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 2 ** 31 }), fc.maxSafeInteger()),
    denominator: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 16 })),
  })
  .map(({ numerator, denominator }) => ({ numerator: (Math.abs(numerator) % 2 ** 52) + 1, denominator }))
  .filter(({ numerator, denominator }) => numerator / denominator >= 1 / 16 && numerator / denominator <= 2 ** 50);

describe('DiscreteGaussianSampler', () => {
  it('agrees word for word with the algorithms in BigInt', () => {
    fc.assert(
      fc.property(variances, fc.string(), (variance, seed) => {
        const sampler = new DiscreteGaussianSampler(variance, new RandomWords(unsafeSeededRandom(seed), 64));
        const reference = new ReferenceSampler(variance, new RandomWords(unsafeSeededRandom(seed), 64));
        for (let i = 0; i < 20; i++) expect(BigInt(sampler.sample())).toBe(reference.sample());
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [1, 4],
    [1, 16],
    [1, 2],
    [2, 1],
    [1089, 100],
    [8191, 1],
    [8192, 1],
    [2 ** 31, 1],
    [2 ** 32, 1],
    [2 ** 33 + 1, 3],
    [2 ** 50, 1],
    [2 ** 52, 2 ** 16],
  ])('agrees over long streams, through every undecided trial, for variance %d/%d', (numerator, denominator) => {
    const variance = { numerator, denominator };
    const sampler = new DiscreteGaussianSampler(variance, new RandomWords(unsafeSeededRandom('long'), 1024));
    const reference = new ReferenceSampler(variance, new RandomWords(unsafeSeededRandom('long'), 1024));
    for (let i = 0; i < 10_000; i++) expect(BigInt(sampler.sample())).toBe(reference.sample());
  });

  it('refuses unsupported variances', () => {
    for (const variance of [
      { numerator: 1, denominator: 17 },
      { numerator: 0, denominator: 1 },
      { numerator: 1.5, denominator: 1 },
      { numerator: -4, denominator: 1 },
      { numerator: 2 ** 50 + 1, denominator: 1 },
      { numerator: 2 ** 53, denominator: 2 ** 16 },
      { numerator: 4, denominator: 2 ** 17 },
      { numerator: NaN, denominator: 1 },
    ]) {
      expect(() => sampleDiscreteGaussian(variance, new Int32Array(1), unsafeSeededRandom('refused'))).toThrow(
        expect.objectContaining({ code: 'variance_out_of_range' }),
      );
    }
  });

  it('gives equal samples for equal fractions', () => {
    const [one, other] = [
      { numerator: 33, denominator: 2 },
      { numerator: 330, denominator: 20 },
    ].map((variance) => sampleDiscreteGaussian(variance, new Int32Array(1000), unsafeSeededRandom('equal')));
    expect(one).toEqual(other);
  });

  it('leaves no random bytes behind', () => {
    const blocks: Uint8Array[] = [];
    const source = unsafeSeededRandom('wiped');
    const random = (length: number): Uint8Array => {
      const block = source(length);
      blocks.push(block);
      return block;
    };
    sampleDiscreteGaussian({ numerator: 100, denominator: 1 }, new Int32Array(1000), random);
    expect(blocks.length).toBeGreaterThan(2);
    expect(blocks.every((block) => block.every((byte) => byte === 0))).toBe(true);
  });

  it('leaves neither bytes nor samples behind when the source fails', () => {
    const blocks: Uint8Array[] = [];
    const source = unsafeSeededRandom('failing');
    const random = (length: number): Uint8Array => {
      if (blocks.length === 3) throw new Error('no entropy');
      blocks.push(source(length));
      return blocks[blocks.length - 1];
    };
    const out = new Int32Array(10_000);
    expect(() => sampleDiscreteGaussian({ numerator: 100, denominator: 1 }, out, random)).toThrow('no entropy');
    expect(blocks.every((block) => block.every((byte) => byte === 0))).toBe(true);
    expect(out.every((sample) => sample === 0)).toBe(true);
    expect(() =>
      sampleDiscreteGaussian({ numerator: 100, denominator: 1 }, out, (length) => new Uint8Array(length - 1)),
    ).toThrow(RangeError);
  });

  it('takes the documented number of bytes', () => {
    let bytes = 0;
    const source = unsafeSeededRandom('cost');
    sampleDiscreteGaussian({ numerator: 2 ** 36, denominator: 1 }, new Int32Array(100_000), (length) => {
      bytes += length;
      return source(length);
    });
    expect(bytes / 100_000).toBeGreaterThan(20);
    expect(bytes / 100_000).toBeLessThan(40);
  });
});
