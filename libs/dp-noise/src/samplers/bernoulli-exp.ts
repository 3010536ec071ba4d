/**
 * Bernoulli(exp(-gamma)) in 32-bit integer arithmetic: algorithm 1 of Canonne, Kamath and Steinke 2020.
 *
 * gamma in [0, 1] is known to the kernel only through integers low <= 2^16 gamma <= high. The trial U < gamma/k is decided
 * from the first 16 binary digits u of U: (u+1)k <= low means yes, uk >= high means no. Only in between (a chance of about
 * (high-low+k)/2^16) is the exact fraction asked for, and the same U continued digit by digit. Nothing is approximated.
 *
 * Ranges: 0 <= low <= high <= 2^16; k stays below 2^15 or the exact path takes over, so (u+1)k < 2^31.
 */
import { isUniformBelow, type Fraction } from './exact-bernoulli';
import type { RandomWords } from './random-words';

const LARGEST_DIVISOR = 0x4000;

/** Bernoulli(exp(-1)): the case low = high = 2^16, whose first trial always succeeds. */
export function bernoulliExpMinusOne(words: RandomWords): boolean {
  for (let k = 2; ; k = (k + 1) | 0) {
    const u = words.next();
    const product = Math.imul(u, k);
    if (((product + k) | 0) <= 0x10000 && k < LARGEST_DIVISOR) continue;
    if (product >= 0x10000 && k < LARGEST_DIVISOR) return (k & 1) === 1;
    if (!isUniformBelow(u, { numerator: 1n, denominator: BigInt(k) }, words)) return (k & 1) === 1;
  }
}

/**
 * Bernoulli(exp(-gamma)) for gamma in [0, 1].
 * @param low integer <= 2^16 gamma
 * @param high integer >= 2^16 gamma
 * @param exact gamma itself, called only for trials the bounds cannot decide
 */
export function bernoulliExp(low: number, high: number, exact: () => Fraction, words: RandomWords): boolean {
  for (let k = 1; ; k = (k + 1) | 0) {
    const u = words.next();
    const product = Math.imul(u, k);
    if (k < LARGEST_DIVISOR) {
      if (((product + k) | 0) <= low) continue;
      if (product >= high) return (k & 1) === 1;
    }
    const { numerator, denominator } = exact();
    if (!isUniformBelow(u, { numerator, denominator: denominator * BigInt(k) }, words)) return (k & 1) === 1;
  }
}
