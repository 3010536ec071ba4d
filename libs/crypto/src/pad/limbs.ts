import { SecaggError } from '@secagg/schema';

/**
 * Words as limbs: the representation in which this folder calculates.
 *
 * A word is an integer mod 2^b, 1 <= b <= 48, held as three limbs of 16 bits, least significant first. In memory that
 * is exactly the 6-byte little-endian word of a keystream, so AES output is added without any conversion; and because
 * 2^b divides 2^48, sums may be taken mod 2^48 and masked to b bits once at the end. A sum holds its limbs in 32 bits
 * each and leaves the carries for later: every step is the same for every value, without a branch on a secret.
 */
export const MAX_WORD_BITS = 48;
export const LIMBS_PER_WORD = 3;
export const WORD_BYTES = 6;
/**
 * Largest dimension of a vector: memory for 16.8 million words (300 MB) is the most a caller can be made to allocate.
 */
export const MAX_DIMENSION = 2 ** 24;

/**
 * Words worked on at a time: 24 KB of limbs stay in the first-level cache. A multiple of 8, so that every block starts
 * at a whole byte of a packed string whatever b is.
 */
export const BLOCK_WORDS = 4096;

// Streams are reinterpreted as 16-bit units in place. No big-endian machine runs this software; if one ever does, it
// must not guess.
if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1)
  throw new SecaggError('internal', 'Only little-endian machines are supported');

/** @throws SecaggError `invalid` unless b is an integer from 1 to 48 */
export function checkWordBits(bits: number): void {
  if (!Number.isInteger(bits) || bits < 1 || bits > MAX_WORD_BITS)
    throw new SecaggError('invalid', `Words have 1 to 48 bits, not ${bits}`);
}

/** @throws SecaggError `invalid` unless d is an integer from 1 to {@link MAX_DIMENSION} */
export function checkDimension(dimension: number): void {
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > MAX_DIMENSION) {
    throw new SecaggError('invalid', `Vectors have 1 to ${MAX_DIMENSION} words, not ${dimension}`);
  }
}

/** The three masks that keep b bits of a word: for 40 bits these are 16, 16 and 8 ones. */
export function limbMasks(bits: number): readonly [number, number, number] {
  return [2 ** Math.min(bits, 16) - 1, 2 ** Math.min(Math.max(bits - 16, 0), 16) - 1, 2 ** Math.max(bits - 32, 0) - 1];
}

/**
 * Adds integers in two's complement mod 2^48, without carrying: each raises a limb by at most 2^16 - 1.
 *
 * @param sums 3·d limbs, read and overwritten
 * @param values d integers of magnitude below 2^48; they may be secret, and take the same time whatever they are
 */
export function addIntegerLimbs(sums: Uint32Array, values: Float64Array): void {
  for (let i = 0, o = 0; i < values.length; i++, o += 3) {
    const value = values[i];
    const low = value >>> 0; // ToUint32 reduces mod 2^32, for negative values too
    sums[o] = sums[o] + (low & 0xffff);
    sums[o + 1] = sums[o + 1] + (low >>> 16);
    sums[o + 2] = sums[o + 2] + (Math.floor(value * 2 ** -32) & 0xffff);
  }
}

/**
 * Adds limbs of 16 bits to limbs of 32 bits without carrying.
 *
 * @param sums read and overwritten in [at, at + count); must not pass 2^32 - 1 (see `WordSum`)
 * @param limbs `count` limbs from its start
 */
export function addLimbs(sums: Uint32Array, at: number, limbs: Uint16Array, count: number): void {
  const unrolled = count - (count % 4);
  let i = 0;
  let o = at;
  // Four at a time runs twice as fast as one: a member adds 14 million limbs a round.
  for (; i < unrolled; i += 4, o += 4) {
    sums[o] = sums[o] + limbs[i];
    sums[o + 1] = sums[o + 1] + limbs[i + 1];
    sums[o + 2] = sums[o + 2] + limbs[i + 2];
    sums[o + 3] = sums[o + 3] + limbs[i + 3];
  }
  for (; i < count; i++, o++) sums[o] = sums[o] + limbs[i];
}

/**
 * Propagates carries in place and drops what passes b bits: afterwards every limb holds its bits of the word mod 2^b.
 *
 * @param sums 3·d limbs, any values
 */
export function carryLimbs(sums: Uint32Array, bits: number): void {
  const [mask0, mask1, mask2] = limbMasks(bits);
  for (let o = 0; o < sums.length; o += 3) {
    const low = sums[o];
    const middle = sums[o + 1];
    // In two halves: limb and carry together could pass 32 bits.
    const carried = (middle & 0xffff) + (low >>> 16);
    const high = sums[o + 2] + (middle >>> 16) + (carried >>> 16);
    sums[o] = low & mask0;
    sums[o + 1] = carried & mask1;
    sums[o + 2] = high & mask2;
  }
}

/** The word in three carried limbs from `o`, an integer in [0, 2^48). */
export function wordAt(limbs: Uint32Array, o: number): number {
  return limbs[o] + limbs[o + 1] * 2 ** 16 + limbs[o + 2] * 2 ** 32;
}
