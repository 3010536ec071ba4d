import { SecaggError } from '../problems';
import { type FederatedRewardSignal, type RewardSignal } from '../signal/signal';
import { DENOMINATOR, type FieldName, type FieldSpec } from './fields';
import { layoutDimension, type RoundLayout } from './layout';

/** A count is published from this many of its standard errors on, unless the caller asks otherwise. */
export const DEFAULT_WITHHOLD_BELOW = 5;

export type Measure = keyof RewardSignal;
type Mean = Exclude<Measure, 'total_samples'>;
type MeasureValues = Pick<Required<RewardSignal>, 'total_samples' | 'success_rate' | 'avg_latency'> &
  Partial<Pick<Required<RewardSignal>, 'quality_score' | 'cost_efficiency'>>;

/** What stands behind one entry of the signal, in the entry's own units (samples, seconds, USD per token). */
export interface KeyDetails {
  /** Standard deviation of the value's error due to noise. */
  readonly standard_errors: MeasureValues;
  /** The estimates before rounding counts and clamping means into their range: unbiased (means: to first order). */
  readonly unclamped: MeasureValues;
  /** The means that were clamped. */
  readonly clamped: readonly Mean[];
}

/**
 * `no_samples`: the count rounds to less than 1. `noise`: the count is too small beside its standard error. Where
 * groups are combined robustly, `few_groups`: not in most groups is the count usable; `spoiled_groups`: more groups
 * were found spoiled than the combination withstands. `implausible`: a group of the round has sums that no honest
 * routers can have sent, and there is nothing to discard it in favour of.
 */
export interface Withheld {
  readonly key: string;
  /** The one optional mean that is withheld; without it the whole key is. */
  readonly measure?: 'quality_score' | 'cost_efficiency';
  readonly reason: 'no_samples' | 'noise' | 'few_groups' | 'spoiled_groups' | 'implausible';
}

export interface DecodeOptions {
  /** Variance of the noise on each coordinate of the sums, in squared units, from 0 (no noise). */
  readonly noiseVariance: number;
  readonly header: Omit<FederatedRewardSignal, 'schema_version' | 'reward_signals'>;
  /** A count below this many standard errors is withheld, from 0. Default 5. */
  readonly withholdBelow?: number;
}

export interface DecodedSums {
  readonly signal: FederatedRewardSignal;
  /** By key, for exactly the keys of the signal. */
  readonly details: Readonly<Record<string, KeyDetails>>;
  readonly withheld: readonly Withheld[];
}

const MEASURE = {
  successes: 'success_rate',
  latency: 'avg_latency',
  quality: 'quality_score',
  cost: 'cost_efficiency',
} as const;
type MeanField = keyof typeof MEASURE;
const MEAN_FIELDS = Object.keys(MEASURE) as MeanField[];
const isOptional = (measure: Mean): measure is 'quality_score' | 'cost_efficiency' =>
  measure === 'quality_score' || measure === 'cost_efficiency';

interface Count {
  readonly units: number;
  readonly requests: number;
  readonly standardError: number;
}

function unusable(count: Count, withholdBelow: number): Withheld['reason'] | undefined {
  if (Math.round(count.requests) < 1) return 'no_samples';
  return count.requests < withholdBelow * count.standardError ? 'noise' : undefined;
}

/**
 * Mean of a field over a count of requests, both noisy and independent. The sum comes without `centre` per request, so
 * r = (centre + S / n) / scale; by the delta method var(r) = (var_S + (S/n)^2 var_n) / n^2 / scale^2, here with S, n
 * and the common noise variance in units.
 */
function ratio(field: FieldSpec, sum: number, count: Count, noise: number): { value: number; standardError: number } {
  const value = (sum + field.centre_units * count.requests) / (count.requests * field.scale);
  // Not Math.hypot: its rounding is left to the engine, and the published result is compared byte for byte.
  const slope = sum / count.units;
  return { value, standardError: (noise * Math.sqrt(1 + slope * slope)) / (count.requests * field.scale) };
}

function checkInput(layout: RoundLayout, sums: Float64Array, noiseVariance: number, withholdBelow: number): void {
  const refuse = (path: string, what: string): never => {
    throw new SecaggError('invalid', `${path}: ${what}`, { path });
  };
  const d = layoutDimension(layout);
  if (sums.length !== d) refuse('sums', `${sums.length} coordinates instead of ${d}`);
  if (!sums.every(Number.isSafeInteger)) refuse('sums', 'not all integers');
  if (!(noiseVariance >= 0 && noiseVariance < Infinity)) refuse('noiseVariance', 'must be finite and not negative');
  if (!(withholdBelow >= 0 && withholdBelow < Infinity)) refuse('withholdBelow', 'must be finite and not negative');
}

/** One key's part of the sums: the coordinate and scale of each of its fields. */
class KeySums {
  constructor(
    private readonly fields: ReadonlyMap<FieldName, { field: FieldSpec; offset: number }>,
    private readonly sums: Float64Array,
    private readonly start: number,
    private readonly noise: number,
  ) {}

  of(name: FieldName): { field: FieldSpec; sum: number } | undefined {
    const found = this.fields.get(name);
    return found && { field: found.field, sum: this.sums[this.start + found.offset] };
  }

  count(name: FieldName): Count | undefined {
    const found = this.of(name);
    return (
      found && {
        units: found.sum,
        requests: found.sum / found.field.scale,
        standardError: this.noise / found.field.scale,
      }
    );
  }
}

interface DecodedKey {
  readonly withheld: readonly Withheld[];
  /** Undefined when the whole key is withheld. */
  readonly published?: { readonly entry: RewardSignal; readonly details: KeyDetails };
}

function decodeKey(key: string, sums: KeySums, noise: number, withholdBelow: number): DecodedKey {
  const samples = sums.count('samples');
  const reason = samples === undefined ? 'no_samples' : unusable(samples, withholdBelow);
  if (samples === undefined || reason !== undefined) return { withheld: [{ key, reason: reason ?? 'no_samples' }] };
  const entry: RewardSignal = { success_rate: 0, avg_latency: 0, total_samples: Math.round(samples.requests) };
  const unclamped: MeasureValues = { success_rate: 0, avg_latency: 0, total_samples: samples.requests };
  const standardErrors: MeasureValues = { success_rate: 0, avg_latency: 0, total_samples: samples.standardError };
  const clamped: Mean[] = [];
  const withheld: Withheld[] = [];
  for (const name of MEAN_FIELDS) {
    const measure = MEASURE[name];
    const found = sums.of(name);
    const count = sums.count(DENOMINATOR[name]);
    if (found === undefined || count === undefined) continue;
    const why = unusable(count, withholdBelow);
    if (why !== undefined) {
      if (isOptional(measure)) withheld.push({ key, measure, reason: why });
      continue;
    }
    const { value, standardError } = ratio(found.field, found.sum, count, noise);
    const held = Math.min(Math.max(value, 0), found.field.bound_units / found.field.scale);
    if (held !== value) clamped.push(measure);
    entry[measure] = held;
    unclamped[measure] = value;
    standardErrors[measure] = standardError;
  }
  return { withheld, published: { entry, details: { standard_errors: standardErrors, unclamped, clamped } } };
}

/**
 * The signal in the sums of a round (length d, signed integers in the layout's units), with a standard error for every
 * number. Counts are rounded to integers; means are clamped to their range ([0, 1], or [0, bound] for latency and cost)
 * after their unclamped value was noted. Withheld are a key whose count of samples, and an optional mean whose own
 * count, rounds below 1 or is below `withholdBelow` (5) standard errors: there the delta method would not hold, a bias
 * of about (standard error / count)^2 of the mean's distance from the centre included. Optional means of keys without
 * noise and without any such request are listed as `no_samples`.
 * Without noise the counts are exact and the means are right to half a unit (0.5 / scale), when nothing was past a
 * bound. Throws `invalid` for sums of the wrong length or not integer, and for options out of range.
 */
export function decodeSums(layout: RoundLayout, sums: Float64Array, options: DecodeOptions): DecodedSums {
  const { noiseVariance, header, withholdBelow = DEFAULT_WITHHOLD_BELOW } = options;
  checkInput(layout, sums, noiseVariance, withholdBelow);
  const noise = Math.sqrt(noiseVariance);
  const width = layout.fields.length;
  const fields = new Map(layout.fields.map((field, offset) => [field.name, { field, offset }]));
  const decoded = layout.keys.map((key, k) =>
    decodeKey(key, new KeySums(fields, sums, k * width, noise), noise, withholdBelow),
  );
  const published = decoded.flatMap(({ published }, k) =>
    published === undefined ? [] : [{ key: layout.keys[k], ...published }],
  );
  return {
    signal: {
      schema_version: 1,
      ...header,
      reward_signals: Object.fromEntries(published.map(({ key, entry }) => [key, entry])),
    },
    details: Object.fromEntries(published.map(({ key, details }) => [key, details])),
    withheld: decoded.flatMap(({ withheld }) => withheld),
  };
}
