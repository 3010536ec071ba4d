import { z } from 'zod';

/** The sums sent of each key, in the order of their coordinates. */
export const FIELD_NAMES = [
  'samples',
  'successes',
  'latency',
  'quality',
  'quality_samples',
  'cost',
  'cost_samples',
] as const;
export type FieldName = (typeof FIELD_NAMES)[number];

/** Fields that count requests: one request adds 0 or 1. */
const COUNTS: ReadonlySet<FieldName> = new Set<FieldName>(['samples', 'quality_samples', 'cost_samples']);
/** Fields whose natural value lies in [0, 1]. */
const UNIT_RANGE: ReadonlySet<FieldName> = new Set<FieldName>([...COUNTS, 'successes', 'quality']);
/** The count that is the denominator of a field's mean. */
export const DENOMINATOR = {
  successes: 'samples',
  latency: 'samples',
  quality: 'quality_samples',
  cost: 'cost_samples',
} as const;

/** Largest value of one request in units: with 2^20 requests a sum is still far inside 48 bits. */
export const MAX_UNITS = 2 ** 44;

/**
 * How one field becomes an integer. A request with natural value v (0 <= v) sends
 * `min(round(v * scale), bound_units) - centre_units`, and nothing (0) when it does not have the field.
 *
 * The centre is public and comes back in decoding as `centre_units` times the count: it halves what one request can
 * send, and with it the noise, and costs only an error proportional to the distance of the mean from the centre.
 */
export const fieldSpecSchema = z
  .strictObject({
    name: z.enum(FIELD_NAMES),
    /** Integer units per 1.0 of the field: per request, second, 1.0 of quality, or USD/token. 1 to 2^44. */
    scale: z.int().min(1).max(MAX_UNITS),
    /** Largest value of one request in units, 1 to 2^44; equal to `scale` for everything but latency and cost. */
    bound_units: z.int().min(1).max(MAX_UNITS),
    /** Subtracted from what a request sends, 0 to `bound_units`; 0 for counts. */
    centre_units: z.int().min(0).max(MAX_UNITS),
  })
  .refine((field) => field.centre_units <= field.bound_units, {
    error: 'the centre is past the bound',
    path: ['centre_units'],
  })
  .refine((field) => !COUNTS.has(field.name) || field.centre_units === 0, {
    error: 'a count has no centre',
    path: ['centre_units'],
  })
  .refine((field) => !UNIT_RANGE.has(field.name) || field.bound_units === field.scale, {
    error: 'the bound of this field is its scale',
    path: ['bound_units'],
  });
export type FieldSpec = z.infer<typeof fieldSpecSchema>;

/** Largest magnitude of what one request adds to a coordinate of this field, in units. */
export const fieldMagnitude = (field: FieldSpec): number =>
  Math.max(field.centre_units, field.bound_units - field.centre_units);

/** Undefined when the fields are a valid list, else what is wrong: order, a field missing, or half of a pair. */
export function fieldListProblem(names: readonly FieldName[]): string | undefined {
  const has = new Set(names);
  const canonical = FIELD_NAMES.filter((name) => has.has(name));
  if (canonical.length !== names.length || canonical.some((name, index) => name !== names[index])) {
    return `fields stand in the order ${FIELD_NAMES.join(', ')}, each at most once`;
  }
  if (!has.has('samples') || !has.has('successes') || !has.has('latency'))
    return 'samples, successes and latency are mandatory';
  if (has.has('quality') !== has.has('quality_samples')) return 'quality and quality_samples go together';
  if (has.has('cost') !== has.has('cost_samples')) return 'cost and cost_samples go together';
  return undefined;
}
