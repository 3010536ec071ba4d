import { rhoToDelta } from './conversion';
import { discreteGaussianDelta } from './single-release';

/** CKS 2020, theorem 7 as printed: Pr[Y > eps s^2/D - D/2] - e^eps Pr[Y > eps s^2/D + D/2]. */
function theorem7(variance: number, epsilon: number, sensitivity: number): number {
  const last = Math.ceil(60 * Math.sqrt(variance)) + sensitivity;
  const weight = (y: number): number => Math.exp(-(y * y) / (2 * variance));
  const tail = (above: number): number => {
    let sum = 0;
    for (let y = last; y > above && y >= -last; y--) sum += weight(y);
    return sum;
  };
  const threshold = (epsilon * variance) / sensitivity;
  return (tail(threshold - sensitivity / 2) - Math.exp(epsilon) * tail(threshold + sensitivity / 2)) / tail(-Infinity);
}

describe('discreteGaussianDelta', () => {
  it('meets the published values', () => {
    expect(discreteGaussianDelta(1, 1)).toBeCloseTo(0.14135133940562, 14);
    expect(discreteGaussianDelta(4, 1)).toBeCloseTo(0.00724877684595, 14);
    expect(Math.abs(discreteGaussianDelta(1, 1) / 0.14135133940562 - 1)).toBeLessThan(1e-9);
    expect(Math.abs(discreteGaussianDelta(4, 1) / 0.00724877684595 - 1)).toBeLessThan(1e-9);
  });

  it.each([
    [1, 1, 1],
    [4, 0.5, 1],
    [10.89, 0.3, 2],
    [100, 0.25, 3],
    [2, 3, 4],
    [1600, 0, 5],
    [0.25, 1, 1],
  ])('agrees with theorem 7 for variance %d, epsilon %d, sensitivity %d', (variance, epsilon, sensitivity) => {
    expect(discreteGaussianDelta(variance, epsilon, sensitivity)).toBeCloseTo(
      theorem7(variance, epsilon, sensitivity),
      13,
    );
  });

  it('is never above what zCDP promises for the same release', () => {
    for (const [variance, epsilon, sensitivity] of [
      [1, 1, 1],
      [4, 1, 1],
      [9, 2, 3],
      [50, 0.7, 2],
    ] as const) {
      expect(discreteGaussianDelta(variance, epsilon, sensitivity)).toBeLessThan(
        rhoToDelta(sensitivity ** 2 / (2 * variance), epsilon),
      );
    }
  });

  it('is the total variation distance at epsilon 0 and nearly 1 without overlap', () => {
    // |p - q| by direct summation for sigma = 1, shift 1.
    const weight = (y: number): number => Math.exp(-(y * y) / 2);
    let [distance, total] = [0, 0];
    for (let y = -40; y <= 41; y++) {
      distance += Math.abs(weight(y) - weight(y - 1)) / 2;
      total += weight(y);
    }
    expect(discreteGaussianDelta(1, 0)).toBeCloseTo(distance / total, 14);
    expect(discreteGaussianDelta(1, 1, 1000)).toBeCloseTo(1, 14);
  });

  it('refuses what it cannot compute', () => {
    for (const [variance, epsilon, sensitivity] of [
      [0, 1, 1],
      [1, -1, 1],
      [1, 1, 0.5],
      [NaN, 1, 1],
      [1e14, 1, 1],
    ] as const) {
      expect(() => discreteGaussianDelta(variance, epsilon, sensitivity)).toThrow(
        expect.objectContaining({ code: 'invalid' }),
      );
    }
  });
});
