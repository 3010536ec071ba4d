/** How fast the exact Gaussian sampler is. */
import { randomBytes } from 'node:crypto';
import { sampleDiscreteGaussian, type Variance } from '@secagg/dp-noise';
import { type Note } from './bench';

const SAMPLES = 100_000;
const REPETITIONS = 9;

const variances: readonly (readonly [string, Variance])[] = [
  ['sampler_sigma_2_per_s', { numerator: 4, denominator: 1 }],
  ['sampler_sigma_30000_per_s', { numerator: 900_000_000, denominator: 1 }],
  ['sampler_sigma_2_to_24_per_s', { numerator: 2 ** 48, denominator: 1 }],
];

/** Median samples per second of CPU time; throws when the spread of the samples is not that of the distribution. */
export function samplerFigures(): Note[] {
  return variances.map(([name, variance]) => ({ name, value: throughput(variance), unit: '1/s' }));
}

function throughput(variance: Variance): number {
  const out = new Int32Array(SAMPLES);
  const rates = Array.from({ length: REPETITIONS }, () => {
    const { user, system } = process.cpuUsage();
    sampleDiscreteGaussian(variance, out, randomBytes);
    const spent = process.cpuUsage();
    checkSpread(out, variance);
    return SAMPLES / ((spent.user + spent.system - user - system) / 1e6);
  });
  return rates.sort((a, b) => a - b)[REPETITIONS >> 1];
}

/** The sample variance of n Gaussian samples has a relative standard error of sqrt(2/n): 8 of them are never seen. */
function checkSpread(samples: Int32Array, { numerator, denominator }: Variance): void {
  const squares = samples.reduce((sum, sample) => sum + sample * sample, 0);
  const ratio = squares / samples.length / (numerator / denominator);
  if (Math.abs(ratio - 1) > 8 * Math.sqrt(2 / samples.length))
    throw new Error(`the samples have ${ratio} times the variance they should have`);
}
