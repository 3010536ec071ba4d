/**
 * Epsilon from below, from the scores that an attacker gives to many draws of each of two neighbouring worlds. The
 * threshold is chosen on one half of the draws and judged on the other: with Clopper-Pearson bounds, epsilon >= ln((p1
 * - delta)/p0) except with chance `confidenceLoss` in all.
 */
import { clopperPearsonLower, clopperPearsonUpper } from './statistics';

/**
 * @param present scores of the world that has what the attacker looks for @param absent of the one that lacks it, as
 * many
 */
export function epsilonFromBelow(
  present: Float64Array,
  absent: Float64Array,
  delta: number,
  confidenceLoss: number,
): number {
  const above = (all: Float64Array, threshold: number): number =>
    all.reduce((count, score) => count + (score > threshold ? 1 : 0), 0);
  const half = present.length / 2;
  // Chosen on the first half by point estimates, three standard errors to the bad, so that a few lucky rounds do not
  // win.
  const estimate = (threshold: number): number => {
    const [detected, alarmed] = [present, absent].map((all) => above(all.subarray(0, half), threshold)) as [
      number,
      number,
    ];
    return Math.log((detected - 3 * Math.sqrt(detected) - delta * half) / (alarmed + 3 * Math.sqrt(alarmed) + 8));
  };
  const candidates = absent
    .slice(0, half)
    .sort()
    .filter((_, i) => i % 50 === 49);
  const threshold = candidates.reduce((best, candidate) => (estimate(candidate) > estimate(best) ? candidate : best));
  const detected = clopperPearsonLower(above(present.subarray(half), threshold), half, confidenceLoss / 2);
  const alarmed = clopperPearsonUpper(above(absent.subarray(half), threshold), half, confidenceLoss / 2);
  return Math.log((detected - delta) / alarmed);
}
