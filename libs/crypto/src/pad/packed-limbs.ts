import { SecaggError } from '@secagg/schema';
import { BLOCK_WORDS, checkDimension, checkWordBits, limbMasks, LIMBS_PER_WORD } from './limbs';

/**
 * Packed vectors, the form in which ciphertexts and sums travel.
 *
 * d words mod 2^b become ceil(d·b/8) bytes: word i occupies bits [i·b, (i+1)·b) of the string, least significant bit
 * first, where bit k of the string is bit k mod 8 (counted from the least significant) of byte floor(k/8). The up to 7
 * bits after the last word are zero. Every vector has exactly one encoding.
 *
 * A word of at most 48 bits starting anywhere lies within four consecutive 16-bit units: each limb is cut out of two of
 * them. No state runs from word to word, which is what makes it fast; the price is a margin of three units to read or
 * write.
 */
const MARGIN_UNITS = 3;

// A block is copied here to be aligned and to have its margin. Only ciphertexts and published sums are ever unpacked.
const block = new Uint16Array(BLOCK_WORDS * LIMBS_PER_WORD + MARGIN_UNITS);
const blockBytes = new Uint8Array(block.buffer);

/** Length in bytes of d packed words of b bits. */
export function packedLength(dimension: number, bits: number): number {
  checkDimension(dimension);
  checkWordBits(bits);
  return Math.ceil((dimension * bits) / 8);
}

/** @throws SecaggError `malformed` for a wrong length, `not_canonical` for non-zero bits after the last word */
export function checkPacked(packed: Uint8Array, dimension: number, bits: number): void {
  const length = packedLength(dimension, bits);
  if (packed.length !== length)
    throw new SecaggError('malformed', `${dimension} words of ${bits} bits take ${length} bytes, not ${packed.length}`);
  const paddingBits = 8 * length - dimension * bits;
  if (packed[length - 1] >>> (8 - paddingBits) !== 0)
    throw new SecaggError('not_canonical', 'Bits after the last word are not zero');
}

/**
 * Adds a packed vector, which has passed {@link checkPacked}, without carrying: raises a limb by at most 2^16 - 1.
 *
 * @param sums 3·d limbs, read and overwritten
 */
export function addPackedLimbs(sums: Uint32Array, packed: Uint8Array, bits: number): void {
  const [mask0, mask1, mask2] = limbMasks(bits);
  const bytesPerBlock = (BLOCK_WORDS * bits) / 8;
  const limbsPerBlock = BLOCK_WORDS * LIMBS_PER_WORD;
  for (let start = 0, byte = 0; start < sums.length; start += limbsPerBlock, byte += bytesPerBlock) {
    blockBytes.set(packed.subarray(byte, byte + bytesPerBlock));
    const end = Math.min(start + limbsPerBlock, sums.length);
    for (let o = start, bit = 0; o < end; o += 3, bit += bits) {
      const unit = bit >>> 4;
      const shift = bit & 15;
      const second = block[unit + 1];
      const third = block[unit + 2];
      sums[o] = sums[o] + (((block[unit] | (second << 16)) >>> shift) & mask0);
      sums[o + 1] = sums[o + 1] + (((second | (third << 16)) >>> shift) & mask1);
      sums[o + 2] = sums[o + 2] + (((third | (block[unit + 3] << 16)) >>> shift) & mask2);
    }
  }
}

/**
 * Packs words of b bits.
 *
 * @param sums 3·d limbs after `carryLimbs` for the same b
 * @returns ceil(d·b/8) bytes
 */
export function packLimbs(sums: Uint32Array, bits: number): Uint8Array {
  const length = packedLength(sums.length / LIMBS_PER_WORD, bits);
  const units = new Uint16Array(Math.ceil(length / 2) + MARGIN_UNITS);
  for (let o = 0, bit = 0; o < sums.length; o += 3, bit += bits) {
    const unit = bit >>> 4;
    const shift = bit & 15;
    const low = sums[o] << shift;
    const middle = sums[o + 1] << shift;
    const high = sums[o + 2] << shift;
    units[unit] = units[unit] | low;
    units[unit + 1] = units[unit + 1] | (low >>> 16) | middle;
    units[unit + 2] = units[unit + 2] | (middle >>> 16) | high;
    units[unit + 3] = high >>> 16;
  }
  return new Uint8Array(units.buffer, 0, length);
}
