import { SecaggError } from '../problems';
import { FIELD_NAMES, MAX_UNITS, type FieldName, type FieldSpec } from './fields';

export interface FieldOptions {
  /** Largest magnitude one request of weight 1 sends to any coordinate, in units: 16 to 2^30. Default 65536. */
  readonly unitsPerRequest?: number;
  /** Latencies above it count as it, in seconds, up to 1e6. Default 60. */
  readonly latencyBoundSeconds?: number;
  /** Costs above it count as it, in USD per token, from 1e-9 to 1e6. Default 1e-4 (100 USD per million tokens). */
  readonly costBoundUsdPerToken?: number;
  /** Share of the budget by field, each in [1/64, 64]. Default 1 each. */
  readonly weights?: Partial<Record<FieldName, number>>;
  /** Send quality scores (two more coordinates per key). Default false. */
  readonly quality?: boolean;
  /** Send costs (two more coordinates per key). Default false. */
  readonly cost?: boolean;
}

/** Throws unless least <= value <= most; NaN throws. */
function within(value: number, least: number, most: number, path: string): number {
  if (value >= least && value <= most) return value;
  throw new SecaggError('invalid', `${path} must be between ${least} and ${most}`, { path });
}

/**
 * Fields scaled so that the noise hurts them alike.
 *
 * The noise has the same variance on every coordinate, in proportion to the L2 norm of the largest request
 * (`requestNorm`). So a field's share of the accuracy is the integer range it is given: field f uses [-w_f U, w_f U]
 * (counts: [0, w_f U]), U = `unitsPerRequest`. With sigma the noise in multiples of the norm, the standard errors are
 *     total_samples:  sigma * |w| / w_samples
 *     a mean r of a field with range [0, B] over n requests:
 *                     sigma * |w| * B / n * sqrt(1 / (2 w_f)^2 + (r / B - 1/2)^2 / w_count^2)
 * where |w| = sqrt(sum of w_f^2). Doubling one weight halves its first term and raises all others through |w|. Equal
 * weights are close to the least sum of squares of these relative errors; raise `latency` or lower
 * `latencyBoundSeconds` where latencies are small beside their bound. Only ratios of weights matter for the noise.
 *
 * Throws `invalid` for options out of range, and for bounds so wide or narrow that a scale leaves [1, 2^44].
 *
 * Without noise, counts are exact and means are right to half a unit, 0.5 / scale: with the defaults about 2.3e-4 s and
 * 3.8e-10 USD per token.
 */
export function defaultFields(options: FieldOptions = {}): FieldSpec[] {
  const units = within(options.unitsPerRequest ?? 65536, 16, 2 ** 30, 'unitsPerRequest');
  const bounds: Partial<Record<FieldName, number>> = {
    latency: within(options.latencyBoundSeconds ?? 60, 1e-3, 1e6, 'latencyBoundSeconds'),
    cost: within(options.costBoundUsdPerToken ?? 1e-4, 1e-9, 1e6, 'costBoundUsdPerToken'),
  };
  const wanted = FIELD_NAMES.filter((name) =>
    name.startsWith('quality') ? options.quality : name.startsWith('cost') ? options.cost : true,
  );
  return wanted.map((name) => {
    const range = Math.max(1, Math.round(units * within(options.weights?.[name] ?? 1, 1 / 64, 64, `weights.${name}`)));
    if (name === 'samples' || name.endsWith('_samples'))
      return { name, scale: range, bound_units: range, centre_units: 0 };
    const bound = bounds[name];
    const scale =
      bound === undefined
        ? 2 * range
        : within(Math.round((2 * range) / bound), 1, MAX_UNITS, `units per 1.0 of ${name}`);
    const boundUnits = bound === undefined ? scale : Math.round(bound * scale);
    return { name, scale, bound_units: boundUnits, centre_units: Math.floor(boundUnits / 2) };
  });
}
