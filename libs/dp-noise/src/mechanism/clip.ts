/**
 * L2 clipping of integer vectors, exact: docs/privacy.md.
 *
 * A vector longer than the bound C becomes sign(x_i) floor(|x_i| C / ceil(|x|)), whose norm is at most C because every
 * coordinate is at most |x_i| C / |x|. The sensitivity the accountant uses is therefore a fact about integers, not
 * about rounding. Doubles are used only where they are exact or where an error bound makes the comparison certain.
 */
import { DpNoiseError } from '../errors';

/** Largest magnitude of a coordinate, and largest bound: 2^47. */
export const MAX_CLIP_MAGNITUDE = 0x800000000000;

/** Sums of squares up to here are exact in a double, whatever the order of addition. */
const EXACT_LIMIT = 2 ** 53;

/** floor(sqrt(value)) for value >= 0. */
function integerSquareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** ceil(sqrt(sum)), through doubles when the sum is exact in them. */
function ceilingNorm(sumOfSquares: number, vector: Float64Array): bigint {
  if (sumOfSquares < EXACT_LIMIT) {
    let root = Math.ceil(Math.sqrt(sumOfSquares));
    if (root * root < sumOfSquares) root += 1;
    if ((root - 1) * (root - 1) >= sumOfSquares) root -= 1;
    return BigInt(root);
  }
  const exact = exactSumOfSquares(vector);
  const root = integerSquareRoot(exact);
  return root * root === exact ? root : root + 1n;
}

function exactSumOfSquares(vector: Float64Array): bigint {
  let sum = 0n;
  for (const x of vector) sum += BigInt(x) * BigInt(x);
  return sum;
}

/**
 * Whether the norm exceeds the bound, or undefined where doubles cannot tell.
 *
 * A sum of squares below 2^53 is exact. Above, a sum of d rounded squares is off by a relative error of at most
 * (d+1) 2^-53 (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1); the margin below is twice that.
 */
function isLongerInDoubles(sumOfSquares: number, dimension: number, bound: number): boolean | undefined {
  const limit = bound * bound;
  if (sumOfSquares < EXACT_LIMIT && limit < EXACT_LIMIT) return sumOfSquares > limit;
  const margin = (dimension + 4) * 2 ** -52;
  if (sumOfSquares < limit * (1 - margin)) return false;
  if (sumOfSquares > limit * (1 + margin)) return true;
  return undefined;
}

/** Scales by bound/divisor towards zero. A quotient of integers below 2^53 has the right floor even after rounding. */
function scaleTowardsZero(vector: Float64Array, bound: number, divisor: bigint): void {
  const smallDivisor = Number(divisor);
  const largestFast = EXACT_LIMIT / 2 / bound;
  for (let i = 0; i < vector.length; i++) {
    const x = vector[i];
    const scaled =
      Math.abs(x) <= largestFast
        ? Math.trunc((x * bound) / smallDivisor)
        : Number((BigInt(x) * BigInt(bound)) / divisor);
    // Not -0: the encoders further on take integers as they are written.
    vector[i] = scaled + 0;
  }
}

/**
 * Scales an integer vector towards zero, in place, until its L2 norm is at most `bound`. Directions are kept up to
 * rounding; a vector within the bound is left alone.
 *
 * One pass without allocation when nothing needs clipping, so it serves for every single request.
 * @param vector integers of magnitude at most 2^47
 * @param bound integer, 1 to 2^47
 * @returns whether the vector was clipped
 * @throws DpNoiseError `invalid` for anything else, with the vector unchanged
 */
export function clipToL2Ball(vector: Float64Array, bound: number): boolean {
  if (!Number.isInteger(bound) || bound < 1 || bound > MAX_CLIP_MAGNITUDE) {
    throw new DpNoiseError('invalid', 'The clipping bound must be an integer from 1 to 2^47', { bound });
  }
  let sumOfSquares = 0;
  for (let i = 0; i < vector.length; i++) {
    const x = vector[i];
    if (!Number.isInteger(x) || x > MAX_CLIP_MAGNITUDE || x < -MAX_CLIP_MAGNITUDE) {
      throw new DpNoiseError('invalid', 'Coordinates must be integers of magnitude at most 2^47', { coordinate: i });
    }
    sumOfSquares += x * x;
  }
  const decided = isLongerInDoubles(sumOfSquares, vector.length, bound);
  if (decided === false) return false;
  if (decided === undefined && exactSumOfSquares(vector) <= BigInt(bound) * BigInt(bound)) return false;
  scaleTowardsZero(vector, bound, ceilingNorm(sumOfSquares, vector));
  return true;
}
