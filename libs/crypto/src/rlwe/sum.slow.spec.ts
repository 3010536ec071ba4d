/**
 * Sums of 100 and 5,000 contributions at every length where something changes, with values at the ends of the range:
 * minutes.
 */
import { randomBytes } from 'node:crypto';
import { type RandomBytes } from '@secagg/schema';
import { encryptRlwe } from './encrypt';
import { rlweParameters, rlweShape, sumBound } from './parameters';
import { RlweSum } from './sum';

const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));

const cases = (['rlwe-2048', 'rlwe-4096'] as const).flatMap((suite) =>
  [100, 5000].flatMap((contributions) =>
    [1, 2047, 2048, 2049, 100_000].map((dimension) => [suite, contributions, dimension] as const),
  ),
);

it.each(cases)(
  '%s: %d contributions of %d words',
  (suite, contributions, dimension) => {
    const bits = 29;
    const parameters = rlweParameters[suite];
    const shape = rlweShape(parameters, dimension, bits, contributions);
    const context = { suite, epochHash: random(32), configHash: random(32), bits, shape };
    const largest = Math.floor((2 ** (bits - 1) - 1) / contributions);
    // Every third word reaches one end of the range, every third the other.
    const values = Float64Array.from({ length: dimension }, (_, i) => [largest, -largest, i % 1000][i % 3]);
    const sum = new RlweSum(context);
    const key = new Float64Array(parameters.degree);
    for (let router = 0; router < contributions; router++) {
      const encrypted = encryptRlwe(context, values.slice(), random);
      sum.addPacked(encrypted.ciphertext);
      encrypted.key.forEach((each, i) => (key[i] += each));
    }
    const opened = sum.open(key, contributions, dimension);
    expect(opened.values).toEqual(values.map((value) => value * contributions));
    expect(opened.largestNoise).toBeLessThanOrEqual(sumBound(contributions));
    // Noise is there: a coefficient has it with standard deviation 4.6 sqrt(n), so that none of four above 0 happens
    // once in 10^5.
    expect(opened.largestNoise).toBeGreaterThan(0);
  },
  1_200_000,
);
