/** One parameter set in the memory of a kernel: tables, and operations on elements as residues modulo each prime. */
import { type Address, Kernel, type KernelKind } from './kernel';
import { inverseModulo, minimalRoot, power, quotient, reverseBits } from './number-theory';
import { type RlweParameters, rlweParameters, type RlweSuiteName } from './parameters';

interface Modulus {
  readonly p: number;
  /** -1/p mod 2^32. */
  readonly negInverse: number;
  /** Roots in bit-reversed order, then their quotients. */
  readonly roots: Address;
  readonly inverseRoots: Address;
  readonly scale: number;
  readonly scaleShoup: number;
  /** 2^64 mod p in every place: multiplied by it, a vector goes into Montgomery form. */
  readonly toMontgomery: Address;
  /** floor(2^128 / p). */
  readonly weight: bigint;
  /** (q/p)^-1 mod p. */
  readonly garner: number;
  readonly garnerShoup: number;
}

const LOW_64 = (1n << 64n) - 1n;

export class Ring {
  readonly kernel: Kernel;
  readonly degree: number;
  readonly moduli: readonly Modulus[];
  private readonly constants: Address;

  constructor(
    readonly parameters: RlweParameters,
    kind?: KernelKind,
  ) {
    this.kernel = new Kernel(kind);
    this.degree = parameters.degree;
    this.moduli = parameters.primes.map((prime) => this.modulus(prime));
    this.constants = this.kernel.take(4 * 8);
  }

  /** Residues modulo prime `i` in coefficient order become values, in place. */
  forward(i: number, a: Address): void {
    const { roots, p } = this.moduli[i];
    this.kernel.call.forward(a, this.degree, roots, p);
  }

  inverse(i: number, a: Address): void {
    const { inverseRoots, p, scale, scaleShoup } = this.moduli[i];
    this.kernel.call.inverse(a, this.degree, inverseRoots, p, scale, scaleShoup);
  }

  /** out = a b, where b is in Montgomery form. */
  multiply(i: number, out: Address, a: Address, b: Address): void {
    const { p, negInverse } = this.moduli[i];
    this.kernel.call.multiply(out, a, b, this.degree, p, negInverse);
  }

  /** Brings values into Montgomery form, in place. */
  toMontgomery(i: number, a: Address): void {
    this.multiply(i, a, a, this.moduli[i].toMontgomery);
  }

  /** out[c] = round(q x / 2^k) mod p of the i-th prime. */
  scaleUp(i: number, out: Address, integers: Address, coefficients: number, plaintextBits: number): void {
    const { p, negInverse } = this.moduli[i];
    const prime = BigInt(p);
    const { q } = this.parameters;
    const k = BigInt(plaintextBits);
    this.kernel.longs(this.constants, 4).set([
      (1n << 32n) % prime,
      (1n << 64n) % prime,
      power(2n, k - 1n, prime),
      // Two reductions by 2^32 each undo its 2^64.
      ((1n << 64n) * inverseModulo(power(2n, k, prime), prime)) % prime,
    ]);
    this.kernel.call.scaleUp(
      out,
      integers,
      coefficients,
      plaintextBits,
      BigInt.asIntN(64, q & LOW_64),
      q >> 64n,
      p,
      negInverse,
      this.constants,
    );
  }

  addFraction(i: number, out: Address, residues: Address, coefficients: number): void {
    const { p, weight, garner, garnerShoup } = this.moduli[i];
    this.kernel.call.addFraction(
      out,
      residues,
      coefficients,
      BigInt.asIntN(64, weight & LOW_64),
      BigInt.asIntN(64, weight >> 64n),
      p,
      garner,
      garnerShoup,
    );
  }

  private modulus(p: number): Modulus {
    const { degree, kernel } = this;
    const prime = BigInt(p);
    const psi = minimalRoot(degree, p);
    const scale = inverseModulo(BigInt(degree), prime);
    const table = (root: bigint): Address => {
      const at = kernel.take(8 * degree);
      const words = kernel.words(at, 2 * degree);
      for (let i = 0, each = 1n; i < degree; i++, each = (each * root) % prime) {
        words[reverseBits(i, degree)] = Number(each);
        words[degree + reverseBits(i, degree)] = Number(quotient(each, prime));
      }
      return at;
    };
    const toMontgomery = kernel.take(4 * degree);
    kernel.words(toMontgomery, degree).fill(Number((1n << 64n) % prime));
    const garner = inverseModulo(this.parameters.q / prime, prime);
    return {
      p,
      negInverse: Number((1n << 32n) - inverseOfOdd(prime)),
      roots: table(psi),
      inverseRoots: table(inverseModulo(psi, prime)),
      scale: Number(scale),
      scaleShoup: Number(quotient(scale, prime)),
      toMontgomery,
      weight: (1n << 128n) / prime,
      garner: Number(garner),
      garnerShoup: Number(quotient(garner, prime)),
    };
  }
}

/** 1/p mod 2^32 by Newton's iteration: each step doubles the bits that are right, of which p itself has three. */
function inverseOfOdd(p: bigint): bigint {
  let inverse = p;
  for (let i = 0; i < 4; i++) inverse = BigInt.asUintN(32, inverse * (2n - p * inverse));
  return inverse;
}

const rings = new Map<RlweSuiteName, Ring>();

/** The ring of a set, made at its first use. */
export function ringOf(name: RlweSuiteName): Ring {
  const found = rings.get(name) ?? new Ring(rlweParameters[name]);
  rings.set(name, found);
  return found;
}
