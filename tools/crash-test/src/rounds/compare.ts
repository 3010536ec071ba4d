/** Every number of a result beside the truth. */
import { type PublishedResult } from '@secagg/protocol';
import { defaultFields, type FederatedRewardSignal } from '@secagg/schema';
import { LATENCY_BOUND_S, UNITS_PER_REQUEST } from '../fleet/terms';

/** Past this many standard errors a number is wrong, not unlucky: less than one chance in 10^14. */
const MOST_STANDARD_ERRORS = 8;
/** Summing the same numbers in another order moves their mean by this much at most. */
const ROUNDING = 1e-9;

/** Half a unit of its field: the largest error of a mean without noise. */
const resolution = Object.fromEntries(
  defaultFields({ latencyBoundSeconds: LATENCY_BOUND_S, unitsPerRequest: UNITS_PER_REQUEST }).map(({ name, scale }) => [
    name,
    0.5 / scale,
  ]),
) as Record<string, number>;
const fieldOf = { success_rate: 'successes', avg_latency: 'latency' } as const;

/**
 * What differs by more than the declared resolution and, with noise, eight standard errors. Counts are judged where
 * batches are.
 */
export function differences({ signal, details }: PublishedResult, truth: FederatedRewardSignal): string[] {
  const problems: string[] = [];
  for (const [key, exact] of Object.entries(truth.reward_signals)) {
    for (const measure of ['success_rate', 'avg_latency'] as const) {
      const standardError = details[key]?.standard_errors[measure] ?? 0;
      // What is published with noise is clamped to its range; what was opened is not.
      const value = standardError > 0 ? details[key]?.unclamped[measure] : signal.reward_signals[key]?.[measure];
      const allowed = resolution[fieldOf[measure]] + ROUNDING + MOST_STANDARD_ERRORS * standardError;
      if (value === undefined || Math.abs(value - exact[measure]) > allowed)
        problems.push(`${key} ${measure} is ${value} instead of ${exact[measure]}`);
    }
  }
  return problems;
}
