/** The sampler against the exact distribution, by a chi-square test whose false alarms come once in a million runs. */
import { randomBytes } from 'node:crypto';
import { cumulativeTable, gaussian } from './gaussian';
import { Kernel, type KernelKind } from './kernel';
import { LARGEST_SAMPLE, SIGMA } from './parameters';

const weight = (x: number): number => Math.exp(-(x * x) / (2 * SIGMA * SIGMA));
const total = Array.from({ length: 2 * LARGEST_SAMPLE + 1 }, (_, i) => weight(i - LARGEST_SAMPLE)).reduce(
  (a, b) => a + b,
);

it('has the table of the distribution', () => {
  let below = 0;
  for (const [j, entry] of cumulativeTable().entries()) {
    below += (weight(j) * (j === 0 ? 1 : 2)) / total;
    expect(Number(entry) / 2 ** 64).toBeCloseTo(below, 14);
  }
  expect(cumulativeTable()).toHaveLength(LARGEST_SAMPLE);
  // Pr[|x| = 36] in units of 2^-64, from 2 exp(-36^2 / 42.32) / total.
  const tail = 2n ** 64n - (cumulativeTable().at(-1) as bigint);
  expect(Number(tail) / 2 ** 64 / ((2 * weight(36)) / total)).toBeCloseTo(1, 4);
});

it.each<KernelKind>(['simd', 'scalar'])('draws from it on the %s kernel', (kind) => {
  const kernel = new Kernel(kind);
  const counts = new Map<number, number>();
  const runs = 64;
  for (let run = 0; run < runs; run++) {
    kernel.scoped(() => {
      const at = gaussian(kernel, 4096, (length) => new Uint8Array(randomBytes(length)));
      for (const x of kernel.integers(at, 4096)) counts.set(x, (counts.get(x) ?? 0) + 1);
    });
  }
  const n = runs * 4096;
  // Bins -18 .. 18 expect more than ten each; both tails are one bin each.
  const bins = Array.from({ length: 37 }, (_, i) => i - 18);
  const expected = (x: number) => (n * weight(x)) / total;
  let chiSquare = 0;
  for (const x of bins) chiSquare += ((counts.get(x) ?? 0) - expected(x)) ** 2 / expected(x);
  for (const sign of [-1, 1]) {
    let [seen, awaited] = [0, 0];
    for (let x = 19; x <= LARGEST_SAMPLE; x++) {
      seen += counts.get(sign * x) ?? 0;
      awaited += expected(sign * x);
    }
    chiSquare += (seen - awaited) ** 2 / awaited;
  }
  // 38 degrees of freedom: Pr[chi-square > 97.5] is below 10^-6 (Wilson, Hilferty 1931: 38 (1 - 2/342 + 4.753
  // sqrt(2/342))^3 = 96.9).
  expect(chiSquare).toBeLessThan(97.5);
  expect(Math.max(...[...counts.keys()].map(Math.abs))).toBeLessThanOrEqual(LARGEST_SAMPLE);
});

it.each<KernelKind>(['simd', 'scalar'])(
  'reaches both ends and zero at the ends of the random numbers on the %s kernel',
  (kind) => {
    const kernel = new Kernel(kind);
    const drawn = (fill: number, signs: number) =>
      kernel.scoped(() => {
        const at = gaussian(kernel, 8, (length) => new Uint8Array(length).fill(fill).fill(signs, 64));
        return [...kernel.integers(at, 8)];
      });
    expect(drawn(0, 0xff)).toEqual(new Array(8).fill(0));
    expect(drawn(0xff, 0b0110_0101)).toEqual([-36, 36, -36, 36, 36, -36, -36, 36]);
  },
);
