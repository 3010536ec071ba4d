/** Which values of observations are held to a bound of the layout, or lost: for the router's own operator. */
import { costPerToken, joinKey, type RewardObservation, type RoundLayout } from '@secagg/schema';
import { type OptionalValue } from '../row';

/** Values above them count as them. */
export interface ValueBounds {
  readonly latency_s: number;
  /** USD per token; undefined where costs are not collected. */
  readonly cost_usd: number | undefined;
}

/** Those of `defaultFields`: until a round has told them. */
export const DEFAULT_BOUNDS: ValueBounds = { latency_s: 60, cost_usd: 1e-4 };

export function boundsOf({ fields }: Pick<RoundLayout, 'fields'>): ValueBounds {
  const bound = (wanted: string): number | undefined => {
    const field = fields.find(({ name }) => name === wanted);
    return field && field.bound_units / field.scale;
  };
  return { latency_s: bound('latency') ?? Infinity, cost_usd: bound('cost') };
}

/** Keys that are shown by field; those after them count together. */
export const MAX_KEYS = 1000;
export const OTHER_KEYS = '(other keys)';

export type ValueField = 'latency_s' | OptionalValue;
/** By field and key. */
export type ValueCounts = Readonly<Partial<Record<ValueField, Readonly<Record<string, number>>>>>;

export interface ValueNotes {
  /** Above the bound, and counted as it. */
  readonly clipped: ValueCounts;
  /** Given and of no use: a cost without tokens, a value that cannot be. */
  readonly dropped: ValueCounts;
  /** Values that a bound applies to. */
  readonly bounded: Readonly<Partial<Record<ValueField, number>>>;
}

export function countValues(
  rows: Iterable<{ readonly observation: RewardObservation; readonly dropped?: readonly OptionalValue[] }>,
  bounds: ValueBounds,
): ValueNotes {
  const clipped = new Counter();
  const dropped = new Counter();
  const bounded: Partial<Record<ValueField, number>> = {};
  const hold = (field: ValueField, key: string, value: number, bound: number): void => {
    bounded[field] = (bounded[field] ?? 0) + 1;
    if (value > bound) clipped.add(field, key);
  };
  for (const { observation, dropped: lost = [] } of rows) {
    const key = joinKey(observation.model, observation.task);
    for (const field of lost) dropped.add(field, key);
    hold('latency_s', key, observation.latency_s, bounds.latency_s);
    const cost = costPerToken(observation);
    if (cost === undefined && observation.cost_usd !== undefined) dropped.add('cost_usd', key);
    if (cost !== undefined && bounds.cost_usd !== undefined) hold('cost_usd', key, cost, bounds.cost_usd);
  }
  return { clipped: clipped.counts, dropped: dropped.counts, bounded };
}

class Counter {
  private readonly byField = new Map<ValueField, Map<string, number>>();

  add(field: ValueField, key: string): void {
    const keys = this.byField.get(field) ?? new Map<string, number>();
    this.byField.set(field, keys);
    keys.set(key, (keys.get(key) ?? 0) + 1);
  }

  get counts(): ValueCounts {
    return Object.fromEntries([...this.byField].map(([field, keys]) => [field, Object.fromEntries(keys)]));
  }
}
