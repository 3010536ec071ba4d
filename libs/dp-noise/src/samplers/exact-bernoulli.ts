/**
 * Bernoulli trials with rational parameters of any size, in BigInt.
 *
 * The 32-bit kernels decide nearly every trial from the first 16 bits of a uniform variate; what they cannot decide, and
 * parameters too large for them, end here. Slow (microseconds) and exact.
 */
import type { RandomWords } from './random-words';

/** A fraction with numerator >= 0 and denominator > 0. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * Whether U < probability, for U uniform in [0, 1) whose first 16 binary digits are `prefix`.
 *
 * Draws further digits, 16 at a time, until the interval of values U can still take lies on one side.
 */
export function isUniformBelow(prefix: number, probability: Fraction, words: RandomWords): boolean {
  const { denominator } = probability;
  let scaledNumerator = probability.numerator << 16n;
  let digits = BigInt(prefix);
  for (;;) {
    if ((digits + 1n) * denominator <= scaledNumerator) return true;
    if (digits * denominator >= scaledNumerator) return false;
    digits = (digits << 16n) | BigInt(words.next());
    scaledNumerator <<= 16n;
  }
}

/** Bernoulli(exp(-gamma)) for gamma in [0, 1]: CKS 2020, algorithm 1, lines 1-7. */
function bernoulliExpOfFraction(gamma: Fraction, words: RandomWords): boolean {
  let odd = true;
  let denominator = gamma.denominator;
  while (isUniformBelow(words.next(), { numerator: gamma.numerator, denominator }, words)) {
    odd = !odd;
    denominator += gamma.denominator;
  }
  return odd;
}

/** Bernoulli(exp(-gamma)) for any gamma >= 0: CKS 2020, algorithm 1. */
export function exactBernoulliExp(gamma: Fraction, words: RandomWords): boolean {
  const { numerator, denominator } = gamma;
  const one = { numerator: 1n, denominator: 1n };
  for (let whole = numerator / denominator; whole > 0n; whole -= 1n) {
    if (!bernoulliExpOfFraction(one, words)) return false;
  }
  return bernoulliExpOfFraction({ numerator: numerator % denominator, denominator }, words);
}
