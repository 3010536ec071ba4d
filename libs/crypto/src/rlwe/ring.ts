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
  /** q/p. */
  readonly cofactor: bigint;
  /** (q/p)^-1 mod p. */
  readonly garner: number;
  readonly garnerShoup: number;
}

/** As the kernel takes 128 bits. */
const halves = (x: bigint): [bigint, bigint] => [BigInt.asIntN(64, x), x >> 64n];

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
    this.constants = this.kernel.take(5 * 8);
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

  /** out[c] = 2^j x mod the i-th prime. */
  scaleUp(i: number, out: Address, integers: Address, coefficients: number, j: number): void {
    const { p, negInverse } = this.moduli[i];
    const prime = BigInt(p);
    const powers = [32n, 64n, 96n].map((bits) => power(2n, bits, prime));
    this.kernel.longs(this.constants, 5).set([...powers, prime - powers[2], power(2n, 64n + BigInt(j), prime)]);
    this.kernel.call.scaleUp(out, integers, coefficients, p, negInverse, this.constants);
  }

  /** Adds what the residues modulo the i-th prime contribute to the numbers that all residues stand for. */
  addResidues(i: number, out: Address, residues: Address, coefficients: number): void {
    const { p, cofactor, garner, garnerShoup } = this.moduli[i];
    const { call } = this.kernel;
    call.addResidues(out, residues, coefficients, ...halves(cofactor), p, garner, garnerShoup);
  }

  /** Divides these numbers by 2^j, rounded. @returns the largest remainder */
  decode(integers: Address, coefficients: number, j: number): number {
    return this.kernel.call.decode(integers, coefficients, ...halves(this.parameters.q), j);
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
      cofactor: this.parameters.q / prime,
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
