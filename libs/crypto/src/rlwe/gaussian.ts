/**
 * Keys and errors: discrete Gaussian over the integers, sigma 4.6, cut at 8 sigma, by a cumulative table in constant
 * time.
 */
import { type RandomBytes } from '@secagg/schema';
import { type Address, type Kernel } from './kernel';
import { LARGEST_SAMPLE } from './parameters';

const PRECISION = 160n;
const ONE = 1n << PRECISION;

/**
 * exp(-numerator/denominator) in fixed point, by halving the argument below 1/2 and the series of exp; the error is
 * below 2^-140.
 */
function exponential(numerator: bigint, denominator: bigint): bigint {
  let halvings = 0n;
  while (numerator << 1n > denominator << halvings) halvings++;
  const x = (numerator << (PRECISION - halvings)) / denominator;
  let sum = ONE;
  for (let term = ONE, i = 1n; term !== 0n; i++) {
    term = -(term * x) / (i << PRECISION);
    sum += term;
  }
  for (; halvings > 0n; halvings--) sum = (sum * sum) >> PRECISION;
  return sum;
}

/**
 * Entry j is round(2^64 Pr[|x| <= j]) for j from 0 to 35: |x| is the number of entries that a uniform 64-bit number
 * reaches. The distance to the exact distribution is below 2^-58. Pr[x] is proportional to exp(-x^2 / (2 sigma^2)), and
 * 2 sigma^2 = 42.32 = 1058/25.
 */
export function cumulativeTable(): readonly bigint[] {
  const weights = Array.from(
    { length: LARGEST_SAMPLE + 1 },
    (_, x) => exponential(25n * BigInt(x * x), 1058n) * (x === 0 ? 1n : 2n),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  let below = 0n;
  return weights.slice(0, -1).map((weight) => {
    below += weight;
    return ((below << 65n) / total + 1n) >> 1n;
  });
}

const FLIP = 1n << 63n;
const table = cumulativeTable().map((entry) => entry ^ FLIP);

/**
 * Draws n samples as 32-bit integers.
 *
 * @param n a multiple of 8
 * @returns their address, taken from the kernel's current scope
 */
export function gaussian(kernel: Kernel, n: number, random: RandomBytes): Address {
  const out = kernel.take(4 * n);
  const length = 8 * n + n / 8;
  const source = kernel.take(length);
  const entries = kernel.take(8 * table.length);
  kernel.longs(entries, table.length).set(table);
  const bytes = random(length);
  kernel.bytes(source, length).set(bytes);
  bytes.fill(0);
  kernel.call.gaussian(out, source, n, entries, table.length);
  return out;
}
