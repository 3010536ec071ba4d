/** Mean and variance of a density on an interval that is known up to a factor, by its logarithm. */

export interface Moments {
  readonly mean: number;
  /** Positive. */
  readonly variance: number;
}

const NODES = 64;
/** What lies so far below the peak (in logarithm) adds nothing: e^-20 is 2e-9. */
const NEGLIGIBLE = 20;

/**
 * The rule of midpoints on an interval that is narrowed until the density fills it. The density need not be normalised;
 * it may be far narrower than the interval, as long as it falls off from one peak.
 * @param natural the quantity at a point; by default the point itself
 */
export function momentsOf(
  logDensity: (point: number) => number,
  low: number,
  high: number,
  natural: (point: number) => number = (point) => point,
): Moments {
  const logs = new Float64Array(NODES);
  let [from, to] = [low, high];
  for (let zoom = 0; ; zoom++) {
    const width = (to - from) / NODES;
    const pointAt = (i: number): number => from + (i + 0.5) * width;
    let highest = -Infinity;
    for (let i = 0; i < NODES; i++) {
      const log = logDensity(pointAt(i));
      // At the very end of the interval a point rounds to it, where 0 log 0 is no number.
      logs[i] = log < Infinity ? log : -Infinity;
      if (logs[i] > highest) highest = logs[i];
    }
    // Sums so far from everything possible that nothing can be told apart.
    if (highest === -Infinity) logs.fill((highest = 0));
    const matters = (i: number): boolean => logs[i] > highest - NEGLIGIBLE;
    let first = 0;
    while (first < NODES - 1 && !matters(first)) first += 1;
    let last = NODES - 1;
    while (last > first && !matters(last)) last -= 1;
    if (last - first >= NODES / 2 || zoom === 60) return sumUp(logs, highest, (i) => natural(pointAt(i)));
    [from, to] = [Math.max(low, pointAt(first) - 1.5 * width), Math.min(high, pointAt(last) + 1.5 * width)];
  }
}

function sumUp(logs: Float64Array, highest: number, valueAt: (i: number) => number): Moments {
  let mass = 0;
  let first = 0;
  for (let i = 0; i < logs.length; i++) {
    const weight = Math.exp(logs[i] - highest);
    mass += weight;
    first += weight * valueAt(i);
  }
  const mean = first / mass;
  let second = 0;
  for (let i = 0; i < logs.length; i++) second += Math.exp(logs[i] - highest) * (valueAt(i) - mean) ** 2;
  // All weight on one node is less than float64 can tell apart, and no certainty.
  return { mean, variance: Math.max(second / mass, (mean * 1e-9) ** 2, Number.MIN_VALUE) };
}
