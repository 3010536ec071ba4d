/** A catalogue of keys and fields whose vector has the dimension asked for. */
import { defaultFields, type FieldSpec, MAX_LAYOUT_KEYS } from '@secagg/schema';

export interface Catalogue {
  /** `model:task`, strictly increasing. */
  readonly keys: readonly string[];
  readonly fields: readonly FieldSpec[];
  /** keys times fields: the dimension asked for, or the next larger one that 3, 5 or 7 fields can make. */
  readonly dimension: number;
}

const fieldChoices = [{ cost: true, quality: true }, { cost: true }, {}].map((options) => defaultFields(options));

/**
 * The choice that exceeds `dimension` least; between equals the one with more fields. Throws RangeError for a dimension
 * out of range.
 */
export function catalogueFor(dimension: number): Catalogue {
  const largest = MAX_LAYOUT_KEYS * fieldChoices[0].length;
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > largest)
    throw new RangeError(`the dimension must be an integer from 1 to ${largest}`);
  const choices = fieldChoices
    .map((fields) => ({ fields, count: Math.ceil(dimension / fields.length) }))
    .filter(({ count }) => count <= MAX_LAYOUT_KEYS)
    .map(({ fields, count }) => ({ fields, count, dimension: count * fields.length }));
  const best = choices.reduce((a, b) => (b.dimension < a.dimension ? b : a));
  const digits = String(best.count - 1).length;
  const keys = Array.from({ length: best.count }, (_, i) => `model:task-${String(i).padStart(digits, '0')}`);
  return { keys, fields: best.fields, dimension: best.dimension };
}
