import fc from 'fast-check';
import { rhoToEpsilon } from './conversion';
import { contributorsToCount, privacyOfSum, tauOfSum } from './sum-of-gaussians';

/** Distribution over -reach..reach, centred in the array. */
type Distribution = Float64Array;

function discreteGaussian(sigma: number, reach: number): Distribution {
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function convolve(p: Distribution, q: Distribution): Distribution {
  const result = new Float64Array(p.length + q.length - 1);
  p.forEach((left, i) => q.forEach((right, j) => (result[i + j] += left * right)));
  return result;
}

function sumOf(count: number, sigma: number): Distribution {
  const reach = Math.ceil(25 * sigma * Math.sqrt(count));
  const share = discreteGaussian(sigma, reach);
  let sum = share;
  for (let i = 1; i < count; i++) sum = convolve(sum, share);
  return sum;
}

describe('privacy of a sum of discrete Gaussians', () => {
  it('meets the published rows', () => {
    const small = privacyOfSum({ contributors: 2, scale: 1, sensitivity: 1, dimension: 1 });
    expect(small.tau.toPrecision(6)).toBe('0.000517232');
    expect(rhoToEpsilon(small.rho, 1e-6).toFixed(4)).toBe('3.5452');
    const large = privacyOfSum({ contributors: 1000, scale: 2, sensitivity: 20, dimension: 10_000 });
    expect(large.tau.toPrecision(4)).toBe('7.157e-17');
    expect(rhoToEpsilon(large.rho, 1e-6).toFixed(5)).toBe('1.47159');
    expect(() => privacyOfSum({ contributors: 100, scale: 0.5, sensitivity: 10, dimension: 1000 })).toThrow(
      expect.objectContaining({ code: 'tau_not_negligible' }),
    );
  });

  it.each([
    [2, 0.8],
    [3, 0.8],
    [2, 1],
    [4, 1],
    [3, 1.3],
    [6, 0.9],
  ])('tau bounds the log ratio of the true sum of %d shares of scale %d', (count, sigma) => {
    const sum = sumOf(count, sigma);
    const centre = (sum.length - 1) / 2;
    const ideal = discreteGaussian(sigma * Math.sqrt(count), centre);
    // Ratios deep in the tails drown in rounding: the terms there are below 1e-40.
    let worst = 0;
    sum.forEach((probability, i) => {
      if (ideal[i] > 1e-40) worst = Math.max(worst, Math.abs(Math.log(probability / ideal[i])));
    });
    expect(worst).toBeLessThanOrEqual(tauOfSum(count, sigma));
    expect(worst).toBeGreaterThan(tauOfSum(count, sigma) / 1e3);
  });

  it.each([
    [2, 1, 1],
    [3, 1, 2],
    [4, 1.2, 3],
    [2, 2, 5],
  ])('rho bounds the Renyi divergence of the true sum (%d shares of scale %d, shift %d)', (count, sigma, shift) => {
    const sum = sumOf(count, sigma);
    const { rho } = privacyOfSum({ contributors: count, scale: sigma, sensitivity: shift, dimension: 1 });
    for (const alpha of [1.01, 1.5, 2, 4, 8]) {
      let moment = 0;
      for (let i = 0; i + shift < sum.length; i++) {
        const [p, q] = [sum[i], sum[i + shift]];
        if (p > 1e-250 && q > 1e-250) moment += Math.exp(alpha * Math.log(p) + (1 - alpha) * Math.log(q));
      }
      const divergence = Math.log(moment) / (alpha - 1);
      expect(divergence).toBeLessThanOrEqual(alpha * rho * (1 + 1e-9));
      expect(divergence).toBeGreaterThan(alpha * rho * 0.9);
    }
  });

  it('is the plain Gaussian figure when tau vanishes, and always at least that', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 1.2, max: 1e6, noNaN: true }),
        fc.integer({ min: 1, max: 1e6 }),
        (contributors, scale, sensitivity) => {
          const { rho } = privacyOfSum({ contributors, scale, sensitivity, dimension: 1 });
          const gaussian = sensitivity ** 2 / (2 * contributors * scale ** 2);
          expect(rho).toBeGreaterThanOrEqual(gaussian * (1 - 1e-14));
          expect(rho).toBeLessThanOrEqual(gaussian * 1.01 * (1 + 1e-14));
        },
      ),
    );
  });

  it('takes one share as the discrete Gaussian it is', () => {
    const { tau, rho } = privacyOfSum({ contributors: 1, scale: 0.5, sensitivity: 1, dimension: 1000 });
    expect(tau).toBe(0);
    expect(rho).toBeCloseTo(1 / (2 * 0.25), 12);
  });

  it('refuses shares below 1/2, of which nothing is proven, whatever they would cost', () => {
    for (const contributors of [1, 2, 50]) {
      const sum = { contributors, scale: 0.5 - 1e-9, sensitivity: 1000, dimension: 1 };
      expect(() => privacyOfSum(sum)).toThrow(expect.objectContaining({ code: 'noise_too_narrow' }));
      expect(() => contributorsToCount(sum)).toThrow(expect.objectContaining({ code: 'noise_too_narrow' }));
    }
  });

  it('refuses more the narrower the shares and the longer the vector', () => {
    const refused = (scale: number, dimension: number): boolean => {
      try {
        privacyOfSum({ contributors: 50, scale, sensitivity: 10, dimension });
        return false;
      } catch {
        return true;
      }
    };
    expect([0.5, 0.7, 1, 1.5, 2].map((scale) => refused(scale, 1))).toEqual([true, true, false, false, false]);
    expect([0.5, 0.7, 1, 1.5, 2].map((scale) => refused(scale, 100_000))).toEqual([true, true, true, false, false]);
  });

  it('refuses arguments out of range', () => {
    const valid = { contributors: 2, scale: 1, sensitivity: 1, dimension: 1 };
    for (const change of [
      { contributors: 0 },
      { contributors: 1.5 },
      { scale: 0 },
      { scale: NaN },
      { sensitivity: -1 },
      { dimension: 0 },
      { sensitivity: Infinity },
    ]) {
      expect(() => privacyOfSum({ ...valid, ...change })).toThrow(expect.objectContaining({ code: 'invalid' }));
    }
  });
});
