/** Running sums of ciphertexts, and what they open to under the sum of their keys. Everything here is public. */
import { SecaggError } from '@secagg/schema';
import { type RlweContext } from './encrypt';
import { expandElement } from './expand';
import { type Address } from './kernel';
import { sumBound } from './parameters';
import { type Ring, ringOf } from './ring';

/** Residues of 26 bits that a 32-bit word adds up before it is reduced, with a reduced one already there. */
const ADDITIONS_BEFORE_REDUCTION = 62;

export interface OpenedRlwe {
  /** d integers. */
  readonly values: Float64Array;
  /** Largest remainder that decoding left, in magnitude. */
  readonly largestNoise: number;
}

export class RlweSum {
  private readonly ring: Ring;
  /** Residues by prime, then coefficient. */
  private readonly residues: Uint32Array;
  private additions = 0;

  /** The empty sum. `ring` is given by tests of both kernels. */
  constructor(
    private readonly context: RlweContext,
    ring?: Ring,
  ) {
    this.ring = ring ?? ringOf(context.suite);
    this.residues = new Uint32Array(this.ring.moduli.length * context.shape.coefficients);
  }

  /**
   * Adds a ciphertext. A refused one leaves the sum as it was.
   *
   * @throws SecaggError `malformed` for another length, `not_canonical` for a residue of p or more
   */
  addPacked(ciphertext: Uint8Array): void {
    const added = this.unpack(ciphertext);
    if (this.additions === ADDITIONS_BEFORE_REDUCTION) this.reduce();
    this.additions++;
    const { residues } = this;
    for (let i = 0; i < residues.length; i++) residues[i] += added[i];
  }

  /** Takes a ciphertext out again. */
  subtractPacked(ciphertext: Uint8Array): void {
    const taken = this.unpack(ciphertext);
    const { coefficients } = this.context.shape;
    if (this.additions === ADDITIONS_BEFORE_REDUCTION) this.reduce();
    this.additions++;
    for (const [i, { p }] of this.ring.moduli.entries())
      for (let c = i * coefficients; c < (i + 1) * coefficients; c++) this.residues[c] += p - taken[c];
  }

  /** Back to the empty sum. */
  wipe(): void {
    this.residues.fill(0);
    this.additions = 0;
  }

  /** The sum, encoded as a ciphertext is. */
  toPacked(): Uint8Array {
    this.reduce();
    const { kernel, moduli } = this.ring;
    const { coefficients, ciphertextBytes } = this.context.shape;
    return kernel.scoped(() => {
      const [words, packed] = [kernel.take(4 * coefficients), kernel.take((13 * coefficients) / 4)];
      const bytes = new Uint8Array(ciphertextBytes);
      for (let i = 0; i < moduli.length; i++) {
        kernel.words(words, coefficients).set(this.residues.subarray(i * coefficients, (i + 1) * coefficients));
        kernel.call.pack(packed, words, coefficients);
        bytes.set(kernel.bytes(packed, (13 * coefficients) / 4), (13 * coefficients * i) / 4);
      }
      return bytes;
    });
  }

  /**
   * Opens the sum of `contributions` ciphertexts.
   *
   * @param key the sum of their keys: N integers
   * @param dimension d
   * @throws SecaggError `recovery_failed` when the key or the remainder is larger than honest contributions can make
   * it: some ciphertext is
   *   no encryption under the key that was sent with it. Nobody is named by this.
   */
  open(key: Float64Array, contributions: number, dimension: number): OpenedRlwe {
    const { ring, context } = this;
    const { kernel, degree, moduli } = ring;
    const { coefficients, elements, perCoefficient } = context.shape;
    const bound = sumBound(contributions);
    if (!key.every((each) => Math.abs(each) <= bound))
      throw new SecaggError('recovery_failed', 'the sum of the keys is out of range');
    this.reduce();
    return kernel.scoped(() => {
      const secret = kernel.take(4 * degree);
      kernel.integers(secret, degree).set(key);
      const keys = moduli.map(({ p }, i) => {
        const each = kernel.take(4 * degree);
        kernel.call.lift(each, secret, degree, p);
        ring.forward(i, each);
        ring.toMontgomery(i, each);
        return each;
      });
      const values = new Float64Array(coefficients * perCoefficient);
      let largestNoise = 0;
      for (let l = 0; l < elements; l++) {
        const first = l * degree;
        const count = Math.min(degree, coefficients - first);
        kernel.scoped(() => {
          const integers = kernel.take(16 * count);
          largestNoise = Math.max(largestNoise, this.openElement(l, count, keys, integers));
          const plain = kernel.take(8 * count * perCoefficient);
          kernel.call.split(plain, integers, count, perCoefficient, context.bits);
          values.set(kernel.doubles(plain, count * perCoefficient), first * perCoefficient);
        });
      }
      if (largestNoise > bound)
        throw new SecaggError('recovery_failed', 'the sum does not decode: its remainder is out of range');
      return { values: values.slice(0, dimension), largestNoise };
    });
  }

  /** Writes the plaintexts of c_l - a_l s to `integers`. @returns their largest remainder */
  private openElement(l: number, count: number, keys: readonly Address[], integers: Address): number {
    const { ring, context } = this;
    const { kernel, degree, moduli } = ring;
    const { coefficients, scaleBits } = context.shape;
    const [product, residues] = [kernel.take(4 * degree), kernel.take(4 * count)];
    for (const [i, { p }] of moduli.entries()) {
      kernel.words(product, degree).set(expandElement(context, l, p));
      ring.multiply(i, product, product, keys[i]);
      ring.inverse(i, product);
      const from = i * coefficients + l * degree;
      kernel.words(residues, count).set(this.residues.subarray(from, from + count));
      kernel.call.subtract(residues, residues, product, count, p);
      ring.addResidues(i, integers, residues, count);
    }
    return ring.decode(integers, count, scaleBits);
  }

  private unpack(ciphertext: Uint8Array): Uint32Array {
    const { kernel, moduli } = this.ring;
    const { coefficients, ciphertextBytes } = this.context.shape;
    if (ciphertext.length !== ciphertextBytes)
      throw new SecaggError('malformed', `The ciphertext has ${ciphertext.length} bytes instead of ${ciphertextBytes}`);
    return kernel.scoped(() => {
      const [words, packed] = [kernel.take(4 * coefficients), kernel.take((13 * coefficients) / 4)];
      const residues = new Uint32Array(moduli.length * coefficients);
      for (const [i, { p }] of moduli.entries()) {
        const length = (13 * coefficients) / 4;
        kernel.bytes(packed, length).set(ciphertext.subarray(i * length, (i + 1) * length));
        if (kernel.call.unpack(words, packed, coefficients, p) !== 0)
          throw new SecaggError('not_canonical', 'A residue is not below its modulus');
        residues.set(kernel.words(words, coefficients), i * coefficients);
      }
      return residues;
    });
  }

  private reduce(): void {
    const { coefficients } = this.context.shape;
    for (const [i, { p }] of this.ring.moduli.entries())
      for (let c = i * coefficients; c < (i + 1) * coefficients; c++) this.residues[c] %= p;
    this.additions = 0;
  }
}
