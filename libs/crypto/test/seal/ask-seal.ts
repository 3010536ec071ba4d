/** Microsoft SEAL, asked in a process of its own (seal.mjs): an implementation that nobody here wrote. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type RlweParameters } from '../../src/rlwe/parameters';
import { Ring } from '../../src/rlwe/ring';

/** SEAL keeps the last prime it is given for switching keys. This one is 1 mod 8192 as well, and in neither set. */
const SPARE = 66_961_409;

/** Polynomials of a SEAL ciphertext: by prime, then coefficient. */
export interface SealCiphertext {
  readonly c0: Uint32Array[];
  readonly c1: Uint32Array[];
}

export class Seal {
  /** With SEAL's spare prime last. */
  readonly ring: Ring;

  constructor(
    private readonly parameters: RlweParameters,
    readonly plainModulus: bigint,
  ) {
    this.ring = new Ring({ ...parameters, primes: [...parameters.primes, SPARE], q: parameters.q * BigInt(SPARE) });
  }

  /** @param key N small integers */
  decrypt(key: ArrayLike<number>, ciphertexts: readonly SealCiphertext[]): bigint[][] {
    const values = this.ring.moduli.map(({ p }, i) => {
      const { kernel, degree } = this.ring;
      return kernel.scoped(() => {
        const [signed, at] = [kernel.take(4 * degree), kernel.take(4 * degree)];
        kernel.integers(signed, degree).set(Array.from(key));
        kernel.call.lift(at, signed, degree, p);
        this.ring.forward(i, at);
        return kernel.words(at, degree).slice();
      });
    });
    const { plaintexts } = this.ask<{ plaintexts: string[] }>('decrypt', {
      key: toBase64(values),
      ciphertexts: ciphertexts.map(({ c0, c1 }) => toBase64([...c0, ...c1])),
    });
    return plaintexts.map((each) => longs(each));
  }

  /** Encrypts under a key that SEAL draws. */
  encrypt(plaintexts: readonly (readonly bigint[])[]): { key: number[]; ciphertexts: SealCiphertext[] } {
    const { degree } = this.parameters;
    const answer = this.ask<{ key: string; ciphertexts: string[] }>('encrypt', {
      plaintexts: plaintexts.map((each) => Buffer.from(BigUint64Array.from(each).buffer).toString('base64')),
    });
    const [{ p }] = this.ring.moduli;
    const { kernel } = this.ring;
    const key = kernel.scoped(() => {
      const at = kernel.take(4 * degree);
      kernel.words(at, degree).set(longs(answer.key).slice(0, degree).map(Number));
      this.ring.inverse(0, at);
      return Array.from(kernel.words(at, degree), (word) => (word > p / 2 ? word - p : word));
    });
    const count = this.parameters.primes.length;
    return {
      key,
      ciphertexts: answer.ciphertexts.map((each) => {
        const words = longs(each).map(Number);
        const part = (i: number) => Uint32Array.from(words.slice(i * degree, (i + 1) * degree));
        return {
          c0: Array.from({ length: count }, (_, i) => part(i)),
          c1: Array.from({ length: count }, (_, i) => part(count + i)),
        };
      }),
    };
  }

  private ask<T>(action: string, request: object): T {
    const { degree, primes } = this.parameters;
    const input = { action, degree, primes, spare: SPARE, plainModulus: `${this.plainModulus}`, ...request };
    const output = execFileSync(process.execPath, [join(__dirname, 'seal.mjs')], {
      input: JSON.stringify(input),
      maxBuffer: 2 ** 28,
      timeout: 240_000,
    });
    return JSON.parse(output.toString()) as T;
  }
}

const toBase64 = (polynomials: readonly Uint32Array[]): string =>
  Buffer.from(BigUint64Array.from(polynomials.flatMap((each) => Array.from(each, BigInt))).buffer).toString('base64');

function longs(base64: string): bigint[] {
  const bytes = Buffer.from(base64, 'base64');
  return Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readBigUInt64LE(8 * i));
}
