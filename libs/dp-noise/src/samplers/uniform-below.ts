import type { RandomWords } from './random-words';

/** A fraction of any size, with numerator >= 0 and denominator > 0. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * Whether U < probability, for U uniform in [0, 1) whose first 16 binary digits are `prefix`: exact, in BigInt.
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
