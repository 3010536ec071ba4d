import { binomialUpperTail } from './binomial';

/** By the recursion of Pascal's triangle: the distribution after one more trial. */
function distribution(n: number, p: number): number[] {
  let chances = [1];
  for (let i = 0; i < n; i++)
    chances = Array.from(
      { length: chances.length + 1 },
      (_, k) => (chances[k] ?? 0) * (1 - p) + (chances[k - 1] ?? 0) * p,
    );
  return chances;
}

it.each([
  [1, 0.5],
  [10, 0.1],
  [30, 0.45],
  [200, 0.02],
  [500, 0.9],
])('sums the upper end of the distribution of %d trials of probability %d', (n, p) => {
  const chances = distribution(n, p);
  for (const x of [0, 1, Math.floor(n / 3), Math.floor(0.9 * n), n]) {
    const exact = chances.slice(x).reduceRight((sum, chance) => sum + chance, 0);
    if (exact > 1e-300) expect(binomialUpperTail(x, n, p) / exact).toBeCloseTo(1, 9);
    else expect(binomialUpperTail(x, n, p)).toBeLessThan(1e-299);
  }
});

it('knows the certain and the impossible', () => {
  expect([binomialUpperTail(0, 5, 0), binomialUpperTail(1, 5, 0), binomialUpperTail(5, 5, 1)]).toEqual([1, 0, 1]);
});
