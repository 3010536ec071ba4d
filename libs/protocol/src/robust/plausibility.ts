/** Groups whose sums no honest routers can have sent (docs/protocol.md, "The signal"). */
import { DENOMINATOR, type FieldName, type FieldSpec, NOISE_TAIL_STD_DEVS, type RoundConfig } from '@secagg/schema';
import { noiseVariance } from '../round/privacy';

/** The opened sum of one group of `size` contributions: d signed integers. */
export interface GroupSums {
  readonly group: number;
  readonly size: number;
  readonly values: Float64Array;
}

/**
 * `out_of_range`: a coordinate outside of what `size` routers can send. `too_many_requests`: all keys together have
 * more requests than they may send. `inconsistent`: a sum that does not fit the count beside it, as more successes than
 * samples. `spoiled`: the ciphertexts do not decode under the keys that came with them, so that nothing is known of the
 * sum.
 */
export interface Implausibility {
  readonly reason: 'out_of_range' | 'too_many_requests' | 'inconsistent' | 'spoiled';
  /** Where; absent for `too_many_requests` and `spoiled`. */
  readonly key?: string;
  readonly field?: FieldName;
}

/**
 * One that is published with the round, for the operator: which routers it was, and what is impossible about their sum.
 */
export interface ImplausibleGroup extends Implausibility {
  readonly group: number;
  readonly routers: readonly string[];
}

type Counted = keyof typeof DENOMINATOR;
const isCounted = (name: FieldName): name is Counted => name in DENOMINATOR;

/** The field that fails among one key's coordinates, which start at `start`. */
type Check = (values: Float64Array, start: number) => FieldName | undefined;

/**
 * The first thing about a group's sums that is impossible, or undefined. Bounds: routers send at most
 * `max_requests_per_router` requests, each within its field's range (and, with unit `router`, at most the clip norm on
 * any coordinate), and 12 standard deviations of noise are allowed for, of every combination of coordinates that is
 * compared: an honest group fails a comparison with a probability below 4e-33.
 */
export function implausibility(config: RoundConfig, { size, values }: GroupSums): Implausibility | undefined {
  const { layout, privacy } = config;
  if (config.suite !== 'pad' && values.every((value) => value === -(2 ** (layout.word_bits - 1))))
    return { reason: 'spoiled' };
  const noise = NOISE_TAIL_STD_DEVS * Math.sqrt(noiseVariance(config, size));
  const width = layout.fields.length;
  // Signals are encoded and clipped as a whole, both with rounding; requests one by one, exactly within their range.
  const rounding = privacy.unit === 'router' ? 2 * size : 0;
  const range = rangeCheck(config, size, noise + rounding);
  const consistent = consistencyCheck(layout.fields, noise, rounding);
  let requests = 0;
  const samples = layout.fields.findIndex((field) => field.name === 'samples');
  for (let k = 0; k < layout.keys.length; k++) {
    const outside = range(values, k * width);
    if (outside !== undefined) return { reason: 'out_of_range', key: layout.keys[k], field: outside };
    const wrong = consistent(values, k * width);
    if (wrong !== undefined) return { reason: 'inconsistent', key: layout.keys[k], field: wrong };
    requests += values[k * width + samples];
  }
  const most = size * layout.max_requests_per_router * layout.fields[samples].scale;
  return requests > most + rounding * layout.keys.length + noise * Math.sqrt(layout.keys.length)
    ? { reason: 'too_many_requests' }
    : undefined;
}

function rangeCheck({ layout, privacy }: RoundConfig, size: number, margin: number): Check {
  const most = (units: number): number =>
    size * Math.min(layout.max_requests_per_router * units, privacy.unit === 'router' ? privacy.clip_norm : Infinity);
  const ranges = layout.fields.map((field) => ({
    name: field.name,
    low: -most(field.centre_units) - margin,
    high: most(field.bound_units - field.centre_units) + margin,
  }));
  return (values, start) =>
    ranges.find(({ low, high }, f) => values[start + f] < low || values[start + f] > high)?.name;
}

/** sign · values[left] is at most factor · values[right]. */
interface Comparison {
  readonly name: FieldName;
  readonly left: number;
  readonly right: number;
  readonly factor: number;
  readonly sign: 1 | -1;
}

/**
 * With n requests counted, a field's sum lies between -centre·n and (bound-centre)·n, and no count is above that of the
 * samples.
 * @param rounding units by which rounding may have moved a coordinate. One unit more is for the arithmetic here: a
 * factor need not be a double.
 */
function consistencyCheck(fields: readonly FieldSpec[], noise: number, rounding: number): Check {
  const offset = new Map(fields.map((field, f) => [field.name, f]));
  const scaleOf = (name: FieldName): number => fields[offset.get(name) as number].scale;
  const comparisons = fields.flatMap((field): Comparison[] => {
    const f = offset.get(field.name) as number;
    if (!isCounted(field.name)) {
      if (field.name === 'samples') return [];
      // count / scale <= samples / scale
      return [
        {
          name: field.name,
          left: f,
          right: offset.get('samples') as number,
          factor: field.scale / scaleOf('samples'),
          sign: 1,
        },
      ];
    }
    const count = offset.get(DENOMINATOR[field.name]) as number;
    const scale = scaleOf(DENOMINATOR[field.name]);
    return [
      { name: field.name, left: f, right: count, factor: (field.bound_units - field.centre_units) / scale, sign: 1 },
      { name: field.name, left: f, right: count, factor: field.centre_units / scale, sign: -1 },
    ];
  });
  return (values, start) =>
    comparisons.find(({ left, right, factor, sign }) => {
      const excess = sign * values[start + left] - factor * values[start + right];
      return excess > noise * Math.sqrt(1 + factor * factor) + rounding * (1 + factor) + 1;
    })?.name;
}
