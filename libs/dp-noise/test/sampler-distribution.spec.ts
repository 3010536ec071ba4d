/**
 * Chi-square tests of the sampler: 10^6 samples for each sigma against the probabilities computed from the definition.
 *
 * Cells with fewer than 50 expected samples are pooled into the tails. A test fails when its p-value is below 1e-6: a
 * right sampler with fresh randomness would fail one of the 5 tests with chance 5e-6. The seed is fixed, so a result
 * repeats.
 */
import { unsafeSeededRandom } from '@secagg/testbed/random';
import { sampleDiscreteGaussian, type Variance } from '../src';
import { chiSquareTail } from './support/statistics';

const SAMPLES = 1_000_000;
const FALSE_ALARM = 1e-6;
const LEAST_EXPECTED = 50;

/** Pr[y] for y = -last..last, from the definition. */
function probabilities(sigma: number, last: number): Float64Array {
  const weights = Float64Array.from({ length: 2 * last + 1 }, (_, i) =>
    Math.exp(-((i - last) ** 2) / (2 * sigma * sigma)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** p-value of the samples against sigma, in cells of `width` integers. */
function pValue(samples: Int32Array, sigma: number, width: number): number {
  const last = Math.ceil(12 * sigma) + 12;
  const expected = new Map<number, number>();
  const observed = new Map<number, number>();
  const add = (cells: Map<number, number>, y: number, amount: number): void =>
    void cells.set(Math.floor(y / width), (cells.get(Math.floor(y / width)) ?? 0) + amount);
  probabilities(sigma, last).forEach((probability, i) => add(expected, i - last, probability * samples.length));
  for (const y of samples) {
    if (Math.abs(y) > last) return 0;
    add(observed, y, 1);
  }
  let statistic = 0;
  let cells = 0;
  let [pooledExpected, pooledObserved] = [0, 0];
  for (const [cell, count] of expected) {
    const seen = observed.get(cell) ?? 0;
    if (count < LEAST_EXPECTED) {
      pooledExpected += count;
      pooledObserved += seen;
    } else {
      statistic += (seen - count) ** 2 / count;
      cells += 1;
    }
  }
  if (pooledExpected >= 5) {
    statistic += (pooledObserved - pooledExpected) ** 2 / pooledExpected;
    cells += 1;
  } else if (pooledObserved > 30) {
    return 0;
  }
  return chiSquareTail(statistic, cells - 1);
}

const draw = (variance: Variance, seed: string, count = SAMPLES): Int32Array =>
  sampleDiscreteGaussian(variance, new Int32Array(count), unsafeSeededRandom(seed));

const cases: { sigma: number; variance: Variance; width: number }[] = [
  { sigma: 0.5, variance: { numerator: 1, denominator: 4 }, width: 1 },
  { sigma: 1, variance: { numerator: 1, denominator: 1 }, width: 1 },
  { sigma: 3.3, variance: { numerator: 1089, denominator: 100 }, width: 1 },
  { sigma: 40, variance: { numerator: 1600, denominator: 1 }, width: 1 },
  { sigma: 4096, variance: { numerator: 4096 ** 2, denominator: 1 }, width: 64 },
];

describe('discrete Gaussian', () => {
  it.each(cases)('has the right distribution and moments for sigma $sigma', ({ sigma, variance, width }) => {
    const samples = draw(variance, `sigma ${sigma}`);
    expect(pValue(samples, sigma, width)).toBeGreaterThan(FALSE_ALARM);

    // Moments within 5 standard errors of those of the definition.
    const last = Math.ceil(12 * sigma) + 12;
    const moment = (power: number): number =>
      probabilities(sigma, last).reduce((sum, probability, i) => sum + probability * (i - last) ** power, 0);
    const empirical = (power: number): number => samples.reduce((sum, y) => sum + y ** power, 0) / SAMPLES;
    for (const power of [1, 2, 3, 4]) {
      const error = Math.sqrt((moment(2 * power) - moment(power) ** 2) / SAMPLES);
      expect(Math.abs(empirical(power) - moment(power))).toBeLessThan(5 * error);
    }
  });

  it('has uniform low digits at large sigma', () => {
    const samples = draw({ numerator: 2 ** 50, denominator: 1 }, 'low digits', 500_000);
    const counts = new Float64Array(256);
    for (const y of samples) counts[y & 255] += 1;
    const expected = samples.length / 256;
    const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquareTail(statistic, 255)).toBeGreaterThan(FALSE_ALARM);
    const variance = samples.reduce((sum, y) => sum + y * y, 0) / samples.length / 2 ** 50;
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / samples.length));
  });

  it('would be caught with a variance 2% off', () => {
    expect(pValue(draw({ numerator: 1632, denominator: 1 }, 'wrong variance'), 40, 1)).toBeLessThan(FALSE_ALARM);
  });
});
