/**
 * Parameters of suite `rlwe`: R_q = Z_q[X]/(X^N + 1), keys and errors discrete Gaussian with sigma 4.6 cut at 8 sigma. docs/rlwe.md says
 * where each figure comes from.
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
  /** Largest log2(q) at this degree for 128 bits of classical security (Bossuat et al., eprint 2024/463, ternary or wider keys). */
  readonly securityLimitBits: number;
}

export type RlweSuiteName = 'rlwe-2048' | 'rlwe-4096';

/** Standard deviation of keys and errors: above 3.2 sqrt(2), since the coordinator learns the sums of keys and of errors. */
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

/** Largest magnitude of a coefficient of the sum of n keys that honest routers make (but for 2 exp(-32) a coefficient). */
export const keySumBound = (contributions: number): number => 8 * SIGMA * Math.sqrt(contributions);

/** The same of the remainder that decoding leaves: n errors, and n roundings of at most 1/2. */
export const noiseBound = (contributions: number): number => keySumBound(contributions) + contributions / 2;

/** How d words of b bits lie in coefficients. */
export interface RlweShape {
  readonly perCoefficient: number;
  /** k: the plaintext modulus is 2^k. */
  readonly plaintextBits: number;
  readonly coefficients: number;
  /** Ring elements; the last one is cut after the last coefficient in use, a multiple of 4. */
  readonly elements: number;
  readonly ciphertextBytes: number;
}

/**
 * As many words as fit a coefficient such that sums of `contributions` decode: noiseBound(n) < q / 2^(k+1).
 *
 * @param bits b, 1 to 48; sums of words must stay below 2^(b-1) in magnitude, as layouts promise
 * @throws SecaggError `unsupported_suite` when not even one fits, or for more contributions than keys allow
 */
export function rlweShape(
  parameters: RlweParameters,
  dimension: number,
  bits: number,
  contributions: number,
): RlweShape {
  if (contributions > MAX_CONTRIBUTIONS)
    throw new SecaggError('unsupported_suite', `${parameters.name} sums at most ${MAX_CONTRIBUTIONS} contributions`);
  const room = parameters.q / BigInt(2 * Math.ceil(noiseBound(contributions)));
  const most = Math.min(parameters.maxPlaintextBits, room.toString(2).length - 1);
  const perCoefficient = Math.min(Math.floor(most / bits), dimension);
  if (perCoefficient === 0)
    throw new SecaggError('unsupported_suite', `${parameters.name} has no room for words of ${bits} bits`);
  const coefficients = Math.ceil(dimension / perCoefficient);
  const sent = 4 * Math.ceil(coefficients / 4);
  return {
    perCoefficient,
    plaintextBits: perCoefficient * bits,
    coefficients: sent,
    elements: Math.ceil(sent / parameters.degree),
    ciphertextBytes: (parameters.primes.length * sent * RESIDUE_BITS) / 8,
  };
}
