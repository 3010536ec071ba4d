/**
 * Parameters of suite `rlwe`: R_q = Z_q[X]/(X^N + 1), keys and errors discrete Gaussian with sigma 4.6 cut at 8 sigma.
 * docs/rlwe.md says where each figure comes from.
 */
import { SecaggError } from '@secagg/schema';

export interface RlweParameters {
  readonly name: RlweSuiteName;
  /** N: a power of two. */
  readonly degree: number;
  /** Distinct primes, 1 mod 2N, below 2^26; q is their product. */
  readonly primes: readonly number[];
  readonly q: bigint;
  /** Most bits of plaintext that a coefficient carries. */
  readonly maxPlaintextBits: number;
  /**
   * Largest log2(q) at this degree for 128 bits of classical security (Bossuat et al., eprint 2024/463, ternary or
   * wider keys).
   */
  readonly securityLimitBits: number;
}

export type RlweSuiteName = 'rlwe-2048' | 'rlwe-4096';

/**
 * Standard deviation of keys and errors: above 3.2 sqrt(2), since the coordinator learns the sums of keys and of
 * errors.
 */
export const SIGMA = 4.6;
/** No sample is larger than this: the largest integer within 8 sigma. */
export const LARGEST_SAMPLE = 36;
/** Keys travel under the pad as words mod 2^16. */
export const KEY_BITS = 16;
/** Sums of keys fit a word for up to this many contributions. */
export const MAX_CONTRIBUTIONS = 32_767;
/** Bits of a residue on the wire. */
export const RESIDUE_BITS = 26;

const set = (
  name: RlweSuiteName,
  degree: number,
  primes: readonly number[],
  maxPlaintextBits: number,
  securityLimitBits: number,
): RlweParameters =>
  Object.freeze({
    name,
    degree,
    primes: Object.freeze([...primes]),
    q: primes.reduce((product, prime) => product * BigInt(prime), 1n),
    maxPlaintextBits,
    securityLimitBits,
  });

export const rlweParameters: Readonly<Record<RlweSuiteName, RlweParameters>> = Object.freeze({
  'rlwe-2048': set('rlwe-2048', 2048, [67084289, 67043329], 36, 53),
  'rlwe-4096': set('rlwe-4096', 4096, [67084289, 67043329, 66994177, 66969601], 88, 106),
});

/**
 * Largest magnitude of a coefficient of the sum of n keys, and of n errors, that honest routers make, but for 2
 * exp(-32) a coefficient: discrete Gaussians are sub-Gaussian, so that Pr[|sum| > t] is below 2 exp(-t^2 / (2 n
 * sigma^2)).
 * In integers, since the square root in doubles falls below whole numbers it is equal to: x is above 8 sigma sqrt(n) if
 * and only if 25 x^2 > 33856 n.
 *
 * @returns the largest integer that is not above it
 */
export function sumBound(contributions: number): number {
  let bound = Math.ceil(8 * SIGMA * Math.sqrt(contributions)) + 1;
  while (25 * bound * bound > 33_856 * contributions) bound--;
  return bound;
}

/** How d words of b bits lie in coefficients. */
export interface RlweShape {
  /** d. */
  readonly dimension: number;
  /** V: words in a coefficient. */
  readonly perCoefficient: number;
  /** j: coefficients are multiplied by 2^j. */
  readonly scaleBits: number;
  readonly coefficients: number;
  /** Ring elements; the last one is cut after the last coefficient in use, a multiple of 4. */
  readonly elements: number;
  readonly ciphertextBytes: number;
}

/**
 * As many words as the plaintext of a coefficient has room for, and the plaintext in the highest bits of it. Sums x of
 * words that stay within their b bits, as layouts promise, have |x| <= 2^(V b - 1), so 2^j |x| <= 2^(floor(log2 q) - 2)
 * is below q/2 by more than noise can add.
 *
 * @param bits b, 1 to 48
 * @throws SecaggError `unsupported_suite` when not even one word fits, or for more contributions than keys allow
 */
export function rlweShape(
  parameters: RlweParameters,
  dimension: number,
  bits: number,
  contributions: number,
): RlweShape {
  const { name, primes, q, degree, maxPlaintextBits } = parameters;
  if (contributions > MAX_CONTRIBUTIONS)
    throw new SecaggError('unsupported_suite', `${name} sums at most ${MAX_CONTRIBUTIONS} contributions`);
  const perCoefficient = Math.min(Math.floor(maxPlaintextBits / bits), dimension);
  if (perCoefficient === 0) throw new SecaggError('unsupported_suite', `${name} has no room for words of ${bits} bits`);
  const coefficients = 4 * Math.ceil(dimension / perCoefficient / 4);
  return {
    dimension,
    perCoefficient,
    scaleBits: q.toString(2).length - 1 - perCoefficient * bits,
    coefficients,
    elements: Math.ceil(coefficients / degree),
    ciphertextBytes: (primes.length * coefficients * RESIDUE_BITS) / 8,
  };
}
