/** Null: there is nothing to take it of. */
export interface Spread {
  readonly median: number | null;
  readonly p90: number | null;
}

/**
 * Quantile of at least one value, p in [0, 1], linear between order statistics (Hyndman and Fan 1996, definition 7).
 */
export function quantile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = [...values].sort((a, b) => a - b);
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

export const spread = (values: readonly number[]): Spread =>
  values.length === 0 ? { median: null, p90: null } : { median: quantile(values, 0.5), p90: quantile(values, 0.9) };

/** Share of the values that satisfy a condition; null without values. */
export const share = <T>(values: readonly T[], holds: (value: T) => boolean): number | null =>
  values.length === 0 ? null : values.filter(holds).length / values.length;
