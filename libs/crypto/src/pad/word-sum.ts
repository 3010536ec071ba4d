import { SecaggError } from '@secagg/schema';
import { Keystream } from './keystream';
import {
  addIntegerLimbs,
  addLimbs,
  BLOCK_WORDS,
  carryLimbs,
  checkDimension,
  checkWordBits,
  LIMBS_PER_WORD,
  wordAt,
} from './limbs';
import { addPackedLimbs, checkPacked, packLimbs } from './packed-limbs';

/**
 * Additions between two carry passes. An addition raises a limb by at most 2^16 and a carry pass leaves at most 2^16 -
 * 1, so a limb reaches at most 65535·2^16 + 65535 = 2^32 - 1.
 */
const ADDITIONS_BEFORE_CARRY = 65535;

/**
 * A running sum of vectors of d words mod 2^b: of ciphertexts at the coordinator, of keystreams at a committee member,
 * of message and keystreams at a router. Takes 12 bytes a word however many vectors are added. Which steps run depends
 * on d, b and the number of additions, never on a value.
 */
export class WordSum {
  private readonly sums: Uint32Array;
  private additions = 0;

  /**
   * The zero vector.
   *
   * @param dimension d, 1 to 2^24
   * @param bits b, 1 to 48
   * @throws SecaggError `invalid` outside these ranges
   */
  constructor(
    readonly dimension: number,
    readonly bits: number,
  ) {
    checkDimension(dimension);
    checkWordBits(bits);
    this.sums = new Uint32Array(LIMBS_PER_WORD * dimension);
  }

  /**
   * Adds a packed vector. A refused one leaves the sum as it was.
   *
   * @throws SecaggError `malformed` or `not_canonical` for what is not the encoding of d words of b bits
   */
  addPacked(packed: Uint8Array): void {
    checkPacked(packed, this.dimension, this.bits);
    this.countAddition();
    addPackedLimbs(this.sums, packed, this.bits);
  }

  /**
   * Adds the keystream under a key.
   *
   * @param key 32 bytes from `RouterPad.streamKey`; the caller wipes it
   */
  addKeystream(key: Uint8Array): void {
    const keystream = new Keystream(key);
    this.countAddition();
    for (let first = 0; first < this.dimension; first += BLOCK_WORDS) {
      const count = Math.min(BLOCK_WORDS, this.dimension - first);
      const limbs = keystream.next(count);
      addLimbs(this.sums, LIMBS_PER_WORD * first, limbs, LIMBS_PER_WORD * count);
      limbs.fill(0);
    }
  }

  /**
   * Adds signed integers, each taken mod 2^b.
   *
   * @param values d integers of magnitude below 2^(b-1)
   * @throws SecaggError `invalid` for a wrong length or a value outside the range; it names no value
   */
  addIntegers(values: Float64Array): void {
    this.checkIntegers(values);
    this.countAddition();
    addIntegerLimbs(this.sums, values);
  }

  /**
   * Subtracts another sum, which keeps its value.
   *
   * @throws SecaggError `invalid` when dimension or bits differ
   */
  subtract(other: WordSum): void {
    if (other.dimension !== this.dimension || other.bits !== this.bits)
      throw new SecaggError('invalid', 'The sums have different shapes');
    other.carry();
    this.countAddition();
    const { sums } = this;
    const subtrahend = other.sums;
    // Two's complement over 48 bits: -v = (2^48 - 1 - v) + 1, limb by limb.
    for (let o = 0; o < sums.length; o += 3) {
      sums[o] = sums[o] + 0x10000 - subtrahend[o];
      sums[o + 1] = sums[o + 1] + 0xffff - subtrahend[o + 1];
      sums[o + 2] = sums[o + 2] + 0xffff - subtrahend[o + 2];
    }
  }

  /** Subtracts a packed vector. Throws as {@link addPacked}. */
  subtractPacked(packed: Uint8Array): void {
    const other = new WordSum(this.dimension, this.bits);
    other.addPacked(packed);
    this.subtract(other);
  }

  /** The sum mod 2^b, packed. */
  toPacked(): Uint8Array {
    this.carry();
    return packLimbs(this.sums, this.bits);
  }

  /** The sum as centred representatives: d integers in [-2^(b-1), 2^(b-1)). */
  toSigned(): Float64Array {
    this.carry();
    const { sums } = this;
    const signed = new Float64Array(this.dimension);
    const modulus = 2 ** this.bits;
    const half = modulus / 2;
    for (let i = 0, o = 0; i < signed.length; i++, o += 3) {
      const word = wordAt(sums, o);
      signed[i] = word - modulus * Math.floor(word / half);
    }
    return signed;
  }

  /** Back to the zero vector, with nothing of the old one left in memory. */
  wipe(): void {
    this.sums.fill(0);
    this.additions = 0;
  }

  private checkIntegers(values: Float64Array): void {
    if (values.length !== this.dimension)
      throw new SecaggError('invalid', `The vector has ${values.length} values instead of ${this.dimension}`);
    const limit = 2 ** (this.bits - 1);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      // A comparison fails for NaN as well. Acceptable values all take the same path.
      if (!(Math.abs(value) < limit) || Math.floor(value) !== value)
        throw new SecaggError('invalid', `Value ${i} does not fit ${this.bits}-bit words`);
    }
  }

  private countAddition(): void {
    if (this.additions === ADDITIONS_BEFORE_CARRY) this.carry();
    this.additions++;
  }

  private carry(): void {
    carryLimbs(this.sums, this.bits);
    this.additions = 0;
  }
}
