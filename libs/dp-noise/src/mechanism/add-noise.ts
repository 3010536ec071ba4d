import { sampleDiscreteGaussian } from '../samplers/discrete-gaussian';
import type { RandomBytes } from '../samplers/random-words';
import type { Variance } from '../samplers/variance';

/**
 * Adds an independent discrete Gaussian of the given variance to every coordinate, in place.
 *
 * With the variance of one share (sigma^2/h) and at least h honest contributions, the sum of the vectors carries
 * variance sigma^2 or more (docs/privacy.md). The samples are wiped; nothing else holds them.
 * @param vector integers of magnitude at most 2^52, so that every sum stays an exact integer
 * @throws DpNoiseError `variance_out_of_range`; `noise_out_of_range` (a chance below 2^-2900 a sample), vector
 * unchanged
 */
export function addNoise(vector: Float64Array, variance: Variance, random: RandomBytes): void {
  const noise = new Int32Array(vector.length);
  try {
    sampleDiscreteGaussian(variance, noise, random);
    for (let i = 0; i < vector.length; i++) vector[i] = vector[i] + noise[i];
  } finally {
    noise.fill(0);
  }
}
