import { type FederatedRewardSignal, type RewardSignal } from '../signal/signal';
import { type FieldName, type FieldSpec } from './fields';
import { keyIndex, layoutDimension, type RoundLayout } from './layout';

export interface EncodedSignal {
  /** Length d, integers. */
  readonly vector: Float64Array;
  /** Keys of the signal that the catalogue lacks, in the signal's order: for the router's own operator only. */
  readonly missing: readonly string[];
  /**
   * 1, or the factor in (0, 1) all counts were multiplied with because there were more than `max_requests_per_router`.
   */
  readonly scaledBy: number;
}

/** Mean of a field and whether the entry has it; the counts have mean 1. */
function mean(name: FieldName, entry: RewardSignal): number | undefined {
  switch (name) {
    case 'samples':
      return 1;
    case 'successes':
      return entry.success_rate;
    case 'latency':
      return entry.avg_latency;
    case 'quality':
      return entry.quality_score;
    case 'quality_samples':
      return entry.quality_score === undefined ? undefined : 1;
    case 'cost':
      return entry.cost_efficiency;
    case 'cost_samples':
      return entry.cost_efficiency === undefined ? undefined : 1;
  }
}

/** `samples` requests (not necessarily whole) with mean `value`: the mean held to the bound, then the sum rounded. */
function encodeSum(field: FieldSpec, value: number, samples: number): number {
  const units = Math.min(value * field.scale, field.bound_units);
  const sum = Math.round(samples * units) - Math.round(samples * field.centre_units);
  return sum === 0 ? 0 : sum;
}

/**
 * The vector of a local signal that is valid (`parseSignal`), for the privacy unit `router`: per key the sums that
 * requests with these averages would have. Means are held to the field's bound; an optional mean counts with all of the
 * entry's samples. A signal of more requests than a router may send keeps its means and is weighed as that many
 * requests.
 */
export function encodeSignal(
  layout: RoundLayout,
  signal: Pick<FederatedRewardSignal, 'reward_signals'>,
): EncodedSignal {
  const width = layout.fields.length;
  const vector = new Float64Array(layoutDimension(layout));
  const missing: string[] = [];
  const known: { start: number; entry: RewardSignal }[] = [];
  let total = 0;
  for (const [key, entry] of Object.entries(signal.reward_signals)) {
    const index = keyIndex(layout, key);
    if (index < 0) {
      missing.push(key);
    } else {
      known.push({ start: index * width, entry });
      total += entry.total_samples;
    }
  }
  const scaledBy = total > layout.max_requests_per_router ? layout.max_requests_per_router / total : 1;
  for (const { start, entry } of known) {
    layout.fields.forEach((field, f) => {
      const value = mean(field.name, entry);
      if (value !== undefined) vector[start + f] = encodeSum(field, value, entry.total_samples * scaledBy);
    });
  }
  return { vector, missing, scaledBy };
}
