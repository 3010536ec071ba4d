/** The aggregate beside the truth, number by number. */
import { type PublishedResult } from '@secagg/protocol';
import { type FederatedRewardSignal, type Measure } from '@secagg/schema';

export interface ComparedNumber {
  readonly key: string;
  readonly measure: Measure;
  /** Undefined where one side does not have it. */
  readonly value: number | undefined;
  readonly truth: number | undefined;
  /** 0 without noise. */
  readonly standardError: number;
}

export interface Comparison {
  readonly numbers: readonly ComparedNumber[];
  /**
   * Without noise: counts that differ at all, means that differ by more than the resolution, numbers that one side
   * lacks.
   */
  readonly mismatches: readonly ComparedNumber[];
  /** Largest |count - truth| in standard errors. */
  readonly largestCountError: number;
  /** Standardised errors of all numbers (before clamping and rounding), pooled. */
  readonly standardised: { readonly count: number; readonly mean: number; readonly deviation: number };
  readonly withheldKeys: number;
}

export const MEASURES: readonly Measure[] = [
  'total_samples',
  'success_rate',
  'avg_latency',
  'quality_score',
  'cost_efficiency',
];

/**
 * Summing the same numbers in another order moves their mean by this share at most, for any number of rows there is
 * here.
 */
const ROUNDING = 1e-9;

export function compareSignals(
  result: PublishedResult,
  truth: FederatedRewardSignal,
  resolution: Readonly<Record<string, number>>,
): Comparison {
  const numbers: ComparedNumber[] = [];
  const mismatches: ComparedNumber[] = [];
  const errors: number[] = [];
  let largestCountError = 0;
  const keys = [
    ...new Set([...Object.keys(truth.reward_signals), ...Object.keys(result.signal.reward_signals)]),
  ].sort();
  for (const key of keys) {
    const entry = result.signal.reward_signals[key];
    const expected = truth.reward_signals[key];
    const details = result.details[key];
    for (const measure of MEASURES) {
      const [value, exact] = [entry?.[measure], expected?.[measure]];
      if (value === undefined && exact === undefined) continue;
      const standardError = details?.standard_errors[measure] ?? 0;
      const number = { key, measure, value, truth: exact, standardError };
      numbers.push(number);
      const allowed = measure === 'total_samples' ? 0 : (resolution[measure] ?? 0) + ROUNDING * Math.abs(exact ?? 0);
      if (value === undefined || exact === undefined || Math.abs(value - exact) > allowed) mismatches.push(number);
      const unclamped = details?.unclamped[measure];
      if (standardError > 0 && unclamped !== undefined) {
        const error = (unclamped - (exact ?? 0)) / standardError;
        errors.push(error);
        if (measure === 'total_samples') largestCountError = Math.max(largestCountError, Math.abs(error));
      }
    }
  }
  const mean = errors.reduce((sum, error) => sum + error, 0) / Math.max(1, errors.length);
  const deviation = Math.sqrt(
    errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / Math.max(1, errors.length - 1),
  );
  const withheldKeys = result.withheld.filter((entry) => entry.measure === undefined).length;
  return {
    numbers,
    mismatches,
    largestCountError,
    standardised: { count: errors.length, mean, deviation },
    withheldKeys,
  };
}
