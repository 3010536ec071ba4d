import { chiSquaredQuantile, normalDensity, normalEquivalent, normalQuantile } from './normal';

/** Simpson's rule. */
function integral(f: (x: number) => number, from: number, to: number, steps = 20000): number {
  const h = (to - from) / steps;
  let sum = f(from) + f(to);
  for (let i = 1; i < steps; i++) sum += f(from + i * h) * (i % 2 === 1 ? 4 : 2);
  return (sum * h) / 3;
}

/** Gamma(n/2) for integers n >= 1. */
const gammaOfHalf = (n: number): number =>
  n === 1 ? Math.sqrt(Math.PI) : n === 2 ? 1 : (n / 2 - 1) * gammaOfHalf(n - 2);

describe('normalQuantile', () => {
  it.each([1e-9, 1e-4, 0.02, 0.025, 0.3, 0.5, 0.7, 0.975, 0.9999])('inverts the integral of the density at %d', (p) => {
    const x = normalQuantile(p);
    expect(0.5 + Math.sign(x) * integral(normalDensity, 0, Math.abs(x))).toBeCloseTo(p, 9);
  });

  it('reaches infinity at the ends', () => {
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
  });
});

it.each([1, 2, 5, 36, 200])(
  'chiSquaredQuantile is where the integral of the density reaches p, within 1% or little more, for %d degrees of freedom',
  (n) => {
    const logScale = -(n / 2) * Math.log(2) - (n > 300 ? 0 : Math.log(gammaOfHalf(n)));
    // With y = sqrt(x) the density has no pole at 0.
    const density = (y: number): number => 2 * y ** (n - 1) * Math.exp(logScale - (y * y) / 2);
    const tolerance = n > 2 ? 0.012 : 0.035;
    for (const p of [0.99, 0.997, 0.999]) {
      const tail = (x: number): number => 1 - integral(density, 0, Math.sqrt(x));
      const x = chiSquaredQuantile(p, n);
      expect(tail(x * (1 + tolerance))).toBeLessThan(1 - p);
      expect(tail(x * (1 - tolerance))).toBeGreaterThan(1 - p);
    }
  },
);

describe('normalEquivalent', () => {
  it.each([2, 3, 5, 10, 40])('is as unlikely as t with %d degrees of freedom', (n) => {
    const scale = gammaOfHalf(n + 1) / (gammaOfHalf(n) * Math.sqrt(n * Math.PI));
    const density = (t: number): number => scale * (1 + (t * t) / n) ** (-(n + 1) / 2);
    for (const t of [0.5, 1, 2, 4, 8]) {
      const exact = -normalQuantile(0.5 - integral(density, 0, t));
      expect(Math.abs(normalEquivalent(t, n) / exact - 1)).toBeLessThan(0.03);
      expect(normalEquivalent(-t, n)).toBe(-normalEquivalent(t, n));
    }
  });

  it('is t itself where the spread is known', () => {
    expect(normalEquivalent(7.5, Infinity)).toBe(7.5);
  });
});
