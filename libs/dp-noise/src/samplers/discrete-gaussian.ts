/**
 * Exact discrete Gaussian N_Z(0, sigma^2): Pr[y] proportional to exp(-y^2 / (2 sigma^2)) over all integers y.
 *
 * Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy" (2020), algorithms 1
 * (Bernoulli(exp(-gamma)), in bernoulli-exp.ts), 2 (discrete Laplace) and 3 (rejection to the discrete Gaussian).
 * Algorithm 3 is right for every scale t of the Laplace proposal; here t = 2^m with sigma^2/t^2 in [1/2, 2), which
 * makes every division a shift and accepts 65% to 76% of the proposals.
 *
 * No floating point: every number is a 32-bit integer by construction (each sum ends in `|0`, products are Math.imul),
 * the rest is BigInt; integer-only.spec.ts checks this on the syntax tree. The distribution is exact, not close: bounds
 * decide a trial only where they are certain, and the exact fraction decides the rest.
 *
 * The running time depends on the sample. Callers finish sampling before a fixed sending slot.
 */
import { DpNoiseError } from '../errors';
import { bernoulliExp, bernoulliExpMinusOne, exactBernoulliExp } from './bernoulli-exp';
import { RandomWords, type RandomBytes } from './random-words';
import type { Fraction } from './uniform-below';
import { assertSupportedVariance, type Variance } from './variance';

// Not Math.imul at each call: where globals are intercepted, as in test runners, the lookup costs more than the
// product.
const { imul } = Math;

/** Fractional digits of the fixed-point |Y|/t and sigma^2/t^2. */
const FRACTION_BITS = 12;
/** Proposals of 8t and more (chance e^-8) go to the exact path, which keeps the squares below 2^31. */
const LARGEST_FAST_QUOTIENT = 8;

/** Largest m >= 0 with 2^(2m) <= 2 sigma^2, or 0. */
function scaleBitsOf(a: bigint, b: bigint): number {
  let bits = 0;
  while (b << BigInt(((bits << 1) + 2) | 0) <= a * 2n) bits = (bits + 1) | 0;
  return bits;
}

/** floor(sq * factor / 2^(15 + shift)) for 0 <= sq <= 2^30, 0 <= factor <= 2^15 + 1, through a 15-bit split. */
function multiplyShift(sq: number, factor: number, shift: number): number {
  const high = imul(sq >>> 15, factor);
  const low = imul(sq & 0x7fff, factor) >>> 15;
  return ((high + low) | 0) >>> shift;
}

/** Sampler for one variance: preparation costs a few microseconds, a sample a fraction of one. */
export class DiscreteGaussianSampler {
  private readonly a: bigint;
  private readonly b: bigint;
  /** m: the Laplace scale is t = 2^m, m <= 25. */
  private readonly scaleBits: number;
  /** floor(2^12 sigma^2/t^2). */
  private readonly ratio: number;
  /** floor(2^g t^2/(2 sigma^2)), with the largest g that keeps it at most 2^15; then g - 7. */
  private readonly inverse: number;
  private readonly inverseShift: number;

  // The proposal |Y| = U + tV at hand, kept for the exact path.
  private u = 0;
  private v = 0;
  private whole = 0;

  /** @throws DpNoiseError `variance_out_of_range` */
  constructor(
    variance: Variance,
    private readonly words: RandomWords,
  ) {
    assertSupportedVariance(variance);
    this.a = BigInt(variance.numerator);
    this.b = BigInt(variance.denominator);
    this.scaleBits = scaleBitsOf(this.a, this.b);
    const squaredScale = 1n << BigInt(this.scaleBits << 1);
    this.ratio = Number(BigInt.asIntN(32, (this.a << BigInt(FRACTION_BITS)) / (this.b * squaredScale))) | 0;
    let shift = 12;
    const inverseAt = (bits: number): bigint => ((this.b * squaredScale) << BigInt(bits)) / (this.a * 2n);
    while (inverseAt((shift + 1) | 0) <= 0x8000n && shift < 17) shift = (shift + 1) | 0;
    this.inverse = Number(BigInt.asIntN(32, inverseAt(shift))) | 0;
    this.inverseShift = (shift - 7) | 0;
  }

  /**
   * One sample, a 32-bit integer.
   * @throws DpNoiseError `noise_out_of_range` beyond 32 bits: 64 sigma or more, a chance below 2^-2900
   */
  sample(): number {
    for (;;) {
      this.proposeMagnitude();
      const negative = (this.words.next() & 1) === 1;
      if (negative && this.u === 0 && this.v === 0) continue;
      if (!this.acceptsProposal()) continue;
      const magnitude = this.magnitude();
      return negative ? -magnitude | 0 : magnitude;
    }
  }

  /** Algorithm 2, lines 1-8 (s = 1): U + tV with U in [0, t) kept with chance exp(-U/t), V geometric with ratio 1/e. */
  private proposeMagnitude(): void {
    const bits = this.scaleBits;
    for (;;) {
      this.u = bits <= 16 ? this.words.next() & (((1 << bits) - 1) | 0) : this.wideUniform(bits);
      if (bits <= 16) {
        const gamma = this.u << (16 - bits);
        if (bernoulliExp(gamma, gamma, this.laplaceGamma, this.words)) break;
      } else {
        const gamma = this.u >>> (bits - 16);
        if (bernoulliExp(gamma, (gamma + 1) | 0, this.laplaceGamma, this.words)) break;
      }
    }
    this.v = 0;
    while (bernoulliExpMinusOne(this.words)) this.v = (this.v + 1) | 0;
  }

  /**
   * Algorithm 3, line 4: Bernoulli(exp(-(|Y| - sigma^2/t)^2 / (2 sigma^2))), with gamma = (x - r)^2 / (2r), x = |Y|/t,
   * r = sigma^2/t^2.
   */
  private acceptsProposal(): boolean {
    this.whole = 0;
    if (this.v >= LARGEST_FAST_QUOTIENT) return exactBernoulliExp(this.acceptanceGamma(), this.words);
    const bits = this.scaleBits;
    const fraction = bits <= FRACTION_BITS ? this.u << (FRACTION_BITS - bits) : this.u >>> (bits - FRACTION_BITS);
    const difference = ((this.v << FRACTION_BITS) + fraction - this.ratio) | 0;
    // x and r exceed their fixed-point values by less than one unit each, so |x - r| is within one of the difference.
    const distance = difference < 0 ? -difference | 0 : difference;
    const nearest = distance === 0 ? 0 : (distance - 1) | 0;
    const farthest = (distance + 1) | 0;
    const low = multiplyShift(imul(nearest, nearest), this.inverse, this.inverseShift);
    const high = (multiplyShift(imul(farthest, farthest), (this.inverse + 1) | 0, this.inverseShift) + 1) | 0;
    const whole = low >>> 16;
    if (high >>> 16 !== whole) return exactBernoulliExp(this.acceptanceGamma(), this.words);
    for (let i = 0; i < whole; i = (i + 1) | 0) {
      if (!bernoulliExpMinusOne(this.words)) return false;
    }
    this.whole = whole;
    return bernoulliExp(low & 0xffff, high & 0xffff, this.acceptanceGamma, this.words);
  }

  private magnitude(): number {
    if (this.v < LARGEST_FAST_QUOTIENT) return ((this.v << this.scaleBits) + this.u) | 0;
    const exact = this.exactMagnitude();
    if (exact > 0x7fffffffn) throw new DpNoiseError('noise_out_of_range', 'A noise sample does not fit 32 bits');
    return Number(BigInt.asIntN(32, exact)) | 0;
  }

  /** Uniform integer of more than 16 bits. */
  private wideUniform(bits: number): number {
    const high = this.words.next() & (((1 << (bits - 16)) - 1) | 0);
    return (high << 16) | this.words.next();
  }

  private exactMagnitude(): bigint {
    return (BigInt(this.v) << BigInt(this.scaleBits)) + BigInt(this.u);
  }

  /** U/t. */
  private readonly laplaceGamma = (): Fraction => ({
    numerator: BigInt(this.u),
    denominator: 1n << BigInt(this.scaleBits),
  });

  /** (|Y|tb - a)^2 / (2 a b t^2), less the whole part already tried. */
  private readonly acceptanceGamma = (): Fraction => {
    const t = 1n << BigInt(this.scaleBits);
    const difference = this.exactMagnitude() * t * this.b - this.a;
    const denominator = 2n * this.a * this.b * t * t;
    return { numerator: difference * difference - BigInt(this.whole) * denominator, denominator };
  };
}

/**
 * Fills `out` with independent samples of the discrete Gaussian of the given variance and returns it.
 *
 * Randomness is buffered from `random` and the buffer wiped before this returns or throws; on a throw `out` is wiped
 * too.
 * @throws DpNoiseError `variance_out_of_range`, `noise_out_of_range` (a chance below 2^-2900 a sample)
 */
export function sampleDiscreteGaussian(variance: Variance, out: Int32Array, random: RandomBytes): Int32Array {
  const words = new RandomWords(random, out.length < 32 ? 0x400 : 0x2000);
  const sampler = new DiscreteGaussianSampler(variance, words);
  try {
    for (let i = 0; i < out.length; i = (i + 1) | 0) out[i] = sampler.sample();
    return out;
  } catch (error) {
    out.fill(0);
    throw error;
  } finally {
    words.wipe();
  }
}
