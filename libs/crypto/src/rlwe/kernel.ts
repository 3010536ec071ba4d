/** The compiled arithmetic (libs/crypto/assembly/rlwe.ts) and the memory it works in. */
import { scalarModule, simdModule } from './kernel.generated';

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  forward(a: number, n: number, roots: number, p: number): void;
  inverse(a: number, n: number, roots: number, p: number, scale: number, scaleShoup: number): void;
  multiply(out: number, a: number, b: number, n: number, p: number, negInverse: number): void;
  add(out: number, a: number, b: number, n: number, p: number): void;
  subtract(out: number, a: number, b: number, n: number, p: number): void;
  lift(out: number, values: number, n: number, p: number): void;
  gaussian(out: number, random: number, n: number, table: number, entries: number): void;
  join(out: number, values: number, coefficients: number, perCoefficient: number, bits: number): void;
  split(out: number, integers: number, coefficients: number, perCoefficient: number, bits: number): void;
  scaleUp(out: number, integers: number, coefficients: number, p: number, negInverse: number, constants: number): void;
  addResidues(
    out: number,
    residues: number,
    coefficients: number,
    cofactorLow: bigint,
    cofactorHigh: bigint,
    p: number,
    inverse: number,
    inverseShoup: number,
  ): void;
  decode(integers: number, coefficients: number, qLow: bigint, qHigh: bigint, j: number): number;
  pack(out: number, residues: number, n: number): void;
  unpack(out: number, packed: number, n: number, p: number): number;
}

/** What this file uses of the global of this name; the compiler knows it only with the types of browsers. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  validate(bytes: Uint8Array): boolean;
}
const { Module, Instance, validate } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

export type KernelKind = 'simd' | 'scalar';

/** A pointer into the kernel's memory. */
export type Address = number;

const PAGE = 65_536;

/** One instance with a memory of its own. Areas are taken from the end on and given back all at once. */
export class Kernel {
  readonly call: Exports;
  private end: Address;

  constructor(readonly kind: KernelKind = hasSimd() ? 'simd' : 'scalar') {
    const module = new Module(Buffer.from(kind === 'simd' ? simdModule : scalarModule, 'base64'));
    this.call = new Instance(module, { env: { abort: fail } }).exports as Exports;
    // The first page is the module's own.
    this.end = PAGE;
  }

  /** @returns the address of `bytes` zeroes, aligned to 16 */
  take(bytes: number): Address {
    const at = this.end;
    const end = at + 16 * Math.ceil(bytes / 16);
    const { memory } = this.call;
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    // Only now, since growing may fail, and `scoped` erases up to here.
    this.end = end;
    return at;
  }

  /** Runs `work` and erases everything it has taken, also when it throws. */
  scoped<T>(work: () => T): T {
    const start = this.end;
    try {
      return work();
    } finally {
      this.bytes(start, this.end - start).fill(0);
      this.end = start;
    }
  }

  bytes(at: Address, length: number): Uint8Array {
    return new Uint8Array(this.call.memory.buffer, at, length);
  }

  words(at: Address, length: number): Uint32Array {
    return new Uint32Array(this.call.memory.buffer, at, length);
  }

  integers(at: Address, length: number): Int32Array {
    return new Int32Array(this.call.memory.buffer, at, length);
  }

  doubles(at: Address, length: number): Float64Array {
    return new Float64Array(this.call.memory.buffer, at, length);
  }

  longs(at: Address, length: number): BigUint64Array {
    return new BigUint64Array(this.call.memory.buffer, at, length);
  }
}

function fail(): never {
  throw new Error('the kernel has aborted');
}

/** Whether this runtime compiles SIMD: the smallest module that uses it. */
export function hasSimd(): boolean {
  return validate(
    new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
    ]),
  );
}
