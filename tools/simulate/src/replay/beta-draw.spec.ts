import { betaCdf } from '@secagg/priors';
import { uniform } from '@secagg/testbed/random';
import { betaDraw } from './beta-draw';

it.each([
  [1, 1],
  [0.3, 4],
  [20, 5],
  [0.01, 0.01],
])('draws from Beta(%d, %d): shares below its quantiles are what they should be', (alpha, beta) => {
  const next = uniform(Math.round(1000 * alpha + beta));
  const draws = Array.from({ length: 20_000 }, () => betaDraw({ alpha, beta }, next));
  for (const draw of draws) {
    expect(draw).toBeGreaterThanOrEqual(0);
    expect(draw).toBeLessThanOrEqual(1);
  }
  for (const x of [0.05, 0.2, 0.5, 0.8, 0.95]) {
    const share = draws.filter((draw) => draw <= x).length / draws.length;
    const expected = betaCdf(x, alpha, beta);
    // Five standard deviations.
    expect(Math.abs(share - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / draws.length) + 1e-6);
  }
});
