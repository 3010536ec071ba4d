/** Both kernels against schoolbook arithmetic over BigInt. */
import { randomBytes } from 'node:crypto';
import { hasSimd, Kernel, type KernelKind } from './kernel';
import { minimalRoot, power, reverseBits } from './number-theory';
import { rlweParameters } from './parameters';
import { Ring } from './ring';

const kinds: KernelKind[] = ['simd', 'scalar'];
const sets = Object.values(rlweParameters);
const cases = kinds.flatMap((kind) => sets.map((set) => [kind, set.name, set] as const));

it('erases what was taken and goes on when its memory cannot grow any more', () => {
  const kernel = new Kernel();
  let secret = 0;
  const fails = (): void =>
    kernel.scoped(() => {
      secret = kernel.take(64);
      kernel.bytes(secret, 64).fill(7);
      kernel.take(2 ** 33);
    });
  expect(fails).toThrow(/grow/);
  expect(kernel.bytes(secret, 64)).toEqual(new Uint8Array(64));
  expect(kernel.scoped(() => kernel.take(64))).toBe(secret);
});

it('has SIMD here', () => expect(hasSimd()).toBe(true));

describe.each(cases)('the %s kernel of %s', (kind, _, set) => {
  const ring = new Ring(set, kind);
  const { kernel, degree, moduli } = ring;
  const residues = (p: number, which: string): Uint32Array => {
    if (which === 'zeros') return new Uint32Array(degree);
    if (which === 'largest') return new Uint32Array(degree).fill(p - 1);
    const words = new Uint32Array(degree);
    if (which === 'monomial') words[degree - 1] = p - 1;
    else for (let i = 0, bytes = randomBytes(4 * degree); i < degree; i++) words[i] = bytes.readUInt32LE(4 * i) % p;
    return words;
  };
  const place = (words: Uint32Array): number => {
    const at = kernel.take(4 * degree);
    kernel.words(at, degree).set(words);
    return at;
  };

  it.each(['zeros', 'largest', 'monomial', 'random'])('transforms %s into values at the roots, and back', (which) => {
    for (const [i, { p }] of moduli.entries()) {
      const prime = BigInt(p);
      const words = residues(p, which);
      const [values, back] = kernel.scoped(() => {
        const at = place(words);
        ring.forward(i, at);
        const transformed = kernel.words(at, degree).slice();
        ring.inverse(i, at);
        return [transformed, kernel.words(at, degree).slice()];
      });
      expect(back).toEqual(words);
      expect(values.every((value) => value < p)).toBe(true);
      const psi = minimalRoot(degree, p);
      for (const k of [0, 1, 2, 3, 4, degree / 2, degree - 1]) {
        const x = power(psi, BigInt(2 * reverseBits(k, degree) + 1), prime);
        let value = 0n;
        for (let c = degree - 1; c >= 0; c--) value = (value * x + BigInt(words[c])) % prime;
        expect([k, values[k]]).toEqual([k, Number(value)]);
      }
    }
  });

  it.each([
    ['largest', 'largest'],
    ['random', 'monomial'],
    ['random', 'random'],
  ])('multiplies %s by %s in the ring as schoolbook does', (first, second) => {
    const [{ p }] = moduli;
    const [a, b] = [residues(p, first), residues(p, second)];
    const product = kernel.scoped(() => {
      const [x, y] = [place(a), place(b)];
      ring.forward(0, x);
      ring.forward(0, y);
      ring.toMontgomery(0, y);
      ring.multiply(0, x, x, y);
      ring.inverse(0, x);
      return kernel.words(x, degree).slice();
    });
    // Every coefficient of a schoolbook product costs n multiplications: a sample of them.
    for (const k of [0, 1, 2, degree / 2, degree - 2, degree - 1]) {
      let sum = 0n;
      for (let i = 0; i < degree; i++) {
        const j = (k - i + degree) % degree;
        const term = BigInt(a[i]) * BigInt(b[j]);
        sum += i + j === k ? term : -term;
      }
      const prime = BigInt(p);
      expect([k, product[k]]).toEqual([k, Number(((sum % prime) + prime) % prime)]);
    }
  });

  it('adds, subtracts, lifts and packs at the ends of the range', () => {
    for (const { p } of moduli) {
      kernel.scoped(() => {
        const a = place(Uint32Array.from({ length: degree }, (_each, i) => [0, 1, p - 1, p - 2][i % 4]));
        const b = place(Uint32Array.from({ length: degree }, (_each, i) => [p - 1, 0, p - 1, 3][i % 4]));
        const out = kernel.take(4 * degree);
        kernel.call.add(out, a, b, degree, p);
        expect([...kernel.words(out, 4)]).toEqual([p - 1, 1, p - 2, 1]);
        kernel.call.subtract(out, a, b, degree, p);
        expect([...kernel.words(out, 4)]).toEqual([1, 1, 0, p - 5]);
        const signed = kernel.take(16);
        kernel.integers(signed, 4).set([0, -1, 36, 1 - p]);
        kernel.call.lift(out, signed, 4, p);
        expect([...kernel.words(out, 4)]).toEqual([0, p - 1, 36, 1]);
        const packed = kernel.take((13 * degree) / 4);
        kernel.call.pack(packed, a, degree);
        expect(kernel.call.unpack(out, packed, degree, p)).toBe(0);
        expect(kernel.words(out, degree)).toEqual(kernel.words(a, degree));
        for (const place of [0, 1, 2, 3]) {
          kernel.words(out, 4).set([0, 0, 0, 0]);
          kernel.words(out, 4)[place] = p;
          kernel.call.pack(packed, out, 4);
          expect(kernel.call.unpack(out, packed, 4, p)).toBe(1);
          // Bit 0 of residue j is bit 26 j of the string.
          const bit = 26 * place;
          expect((kernel.bytes(packed, 13)[bit >> 3] >> (bit & 7)) & 1).toBe(p & 1);
        }
      });
    }
  });

  it('joins integers, scales them up and divides them back, with noise at both ends, as BigInt does', () => {
    const shapes = [
      [1, 36],
      [2, 17],
      [1, 4],
      [9, 4],
    ];
    if (set.name === 'rlwe-4096') shapes.push([1, 48], [3, 25], [2, 32], [2, 44], [4, 22], [8, 8], [22, 4]);
    for (const [perCoefficient, bits] of shapes) {
      const j = set.q.toString(2).length - 1 - perCoefficient * bits;
      const scale = 1n << BigInt(j);
      const coefficients = 64;
      const limit = 2 ** (bits - 1) - 1;
      const values = Float64Array.from({ length: coefficients * perCoefficient }, (_each, i) =>
        i < 8 ? [0, limit, -limit, 1, -1, limit, limit, -limit][i] : Math.floor((2 * Math.random() - 1) * limit),
      );
      kernel.scoped(() => {
        const plain = kernel.take(8 * values.length);
        kernel.doubles(plain, values.length).set(values);
        const integers = kernel.take(16 * coefficients);
        kernel.call.join(integers, plain, coefficients, perCoefficient, bits);
        const joined = Array.from({ length: coefficients }, (_each, c) => {
          let sum = 0n;
          for (let v = 0; v < perCoefficient; v++) sum += BigInt(values[c * perCoefficient + v]) << BigInt(bits * v);
          return sum;
        });
        const integersAt = (at: number) => {
          const longs = kernel.longs(at, 2 * coefficients);
          return joined.map((_each, c) => BigInt.asIntN(128, longs[2 * c] | (longs[2 * c + 1] << 64n)));
        };
        expect(integersAt(integers)).toEqual(joined);
        const noises = joined.map((_each, c) => [0n, scale / 2n - 1n, -scale / 2n, 1n, -1n, 7n][c % 6]);
        const sums = kernel.take(16 * coefficients);
        for (const [i, { p }] of moduli.entries()) {
          const prime = BigInt(p);
          const out = kernel.take(4 * coefficients);
          ring.scaleUp(i, out, integers, coefficients, j);
          const residueOf = (x: bigint) => Number(((x % prime) + prime) % prime);
          expect([...kernel.words(out, coefficients)]).toEqual(joined.map((x) => residueOf(scale * x)));
          kernel.words(out, coefficients).set(joined.map((x, c) => residueOf(scale * x + noises[c])));
          ring.addResidues(i, sums, out, coefficients);
        }
        const largest = ring.decode(sums, coefficients, j);
        expect(integersAt(sums)).toEqual(joined);
        expect(largest).toBe(Number(scale / 2n));
        const back = kernel.take(8 * values.length);
        kernel.call.split(back, sums, coefficients, perCoefficient, bits);
        expect([...kernel.doubles(back, values.length)]).toEqual([...values].map((value) => value + 0));
      });
    }
  });

  it('measures a small remainder exactly, whatever the scale is', () => {
    for (const j of [15, 33, 45, ...(set.name === 'rlwe-4096' ? [54, 63, 64, 65, 74, 99] : [])]) {
      for (const noise of [0n, 1n, -1n, 369n, -369n, -6661n]) {
        const measured = kernel.scoped(() => {
          const sums = kernel.take(16 * 4);
          for (const [i, { p }] of moduli.entries()) {
            const at = kernel.take(4 * 4);
            const residue = (((3n << BigInt(j)) + noise) % BigInt(p)) + BigInt(p);
            kernel.words(at, 4).fill(Number(residue % BigInt(p)));
            ring.addResidues(i, sums, at, 4);
          }
          return ring.decode(sums, 4, j);
        });
        expect([j, measured]).toEqual([j, Number(noise < 0n ? -noise : noise)]);
      }
    }
  });

  it('decodes any residues as BigInt does', () => {
    const coefficients = 400;
    const words = moduli.map(({ p }, i) =>
      Uint32Array.from({ length: coefficients }, (_each, c) =>
        c < 3 ? [0, p - 1, i === 0 ? 1 : 0][c] : Math.floor(Math.random() * p),
      ),
    );
    for (const j of [1, 15, 33, 51, ...(set.name === 'rlwe-4096' ? [63, 64, 65, 79, 99] : [])]) {
      kernel.scoped(() => {
        const sums = kernel.take(16 * coefficients);
        for (const [i] of moduli.entries()) {
          const at = kernel.take(4 * coefficients);
          kernel.words(at, coefficients).set(words[i]);
          ring.addResidues(i, sums, at, coefficients);
        }
        ring.decode(sums, coefficients, j);
        const decoded = [...kernel.longs(sums, 2 * coefficients)];
        for (let c = 0; c < coefficients; c++) {
          let v = 0n;
          for (const [i, { p }] of moduli.entries()) {
            const cofactor = set.q / BigInt(p);
            v += BigInt(words[i][c]) * cofactor * power(cofactor, BigInt(p) - 2n, BigInt(p));
          }
          v %= set.q;
          if (v > set.q / 2n) v -= set.q;
          const rounded = (v + (1n << BigInt(j - 1))) >> BigInt(j);
          expect(BigInt.asIntN(128, decoded[2 * c] | (decoded[2 * c + 1] << 64n))).toBe(rounded);
        }
      });
    }
  });
});

it('erases what it was given, and hands the same memory out again', () => {
  const kernel = new Kernel('scalar');
  const first = kernel.scoped(() => {
    const at = kernel.take(1000);
    kernel.bytes(at, 1000).fill(7);
    return at;
  });
  expect(kernel.bytes(first, 1000).every((byte) => byte === 0)).toBe(true);
  expect(() =>
    kernel.scoped(() => {
      kernel.bytes(kernel.take(10), 10).fill(9);
      throw new Error('stopped');
    }),
  ).toThrow('stopped');
  expect(kernel.take(16)).toBe(first);
  expect(kernel.bytes(first, 16).every((byte) => byte === 0)).toBe(true);
});
