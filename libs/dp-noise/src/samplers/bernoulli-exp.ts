/**
 * Bernoulli(exp(-gamma)): algorithm 1 of Canonne, Kamath and Steinke 2020, in 32-bit integers where bounds decide.
 *
 * gamma in [0, 1] is known to the kernel only through integers low <= 2^16 gamma <= high. The trial U < gamma/k is
 * decided from the first 16 binary digits u of U: (u+1)k <= low means yes, uk >= high means no. Only in between (a
 * chance of about (high-low+k)/2^16) is the exact fraction asked for, and the same U continued digit by digit. Nothing
 * is approximated.
 *
 * Ranges: 0 <= low <= high <= 2^16; from k = 2^14 on the exact path decides alone, so (u+1)k <= 2^30.
 */
import type { RandomWords } from './random-words';
import { isUniformBelow, type Fraction } from './uniform-below';

// Not Math.imul at each call: where globals are intercepted, as in test runners, the lookup costs more than the
// product.
const { imul } = Math;

const LARGEST_DIVISOR = 0x4000;

/** Bernoulli(exp(-1)): the case low = high = 2^16, whose first trial always succeeds and is not drawn. */
export function bernoulliExpMinusOne(words: RandomWords): boolean {
  for (let k = 2; ; k = (k + 1) | 0) {
    const u = words.next();
    if (k < LARGEST_DIVISOR) {
      const product = imul(u, k);
      if (((product + k) | 0) <= 0x10000) continue;
      if (product >= 0x10000) return (k & 1) === 1;
    }
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
    if (k < LARGEST_DIVISOR) {
      const product = imul(u, k);
      if (((product + k) | 0) <= low) continue;
      if (product >= high) return (k & 1) === 1;
    }
    const { numerator, denominator } = exact();
    if (!isUniformBelow(u, { numerator, denominator: denominator * BigInt(k) }, words)) return (k & 1) === 1;
  }
}

/** Bernoulli(exp(-gamma)) for any gamma >= 0 of any size, in BigInt: for proposals the kernel's bounds do not cover. */
export function exactBernoulliExp(gamma: Fraction, words: RandomWords): boolean {
  const { numerator, denominator } = gamma;
  for (let whole = numerator / denominator; whole > 0n; whole -= 1n) {
    if (!bernoulliExpMinusOne(words)) return false;
  }
  const remainder = { numerator: numerator % denominator, denominator };
  return bernoulliExp(0, 0x10000, () => remainder, words);
}
