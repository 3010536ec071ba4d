import { z } from 'zod';
import { compareKeys, signalKeySchema } from '../signal/key';
import { fieldListProblem, fieldSpecSchema, FIELD_NAMES } from './fields';
import { MAX_WORD_BITS, wordBitsFor } from './word-bits';

/** Most keys of a catalogue. A long one (d = 100000) exceeds what `parseSignal` takes by default: see its `maxKeys`. */
export const MAX_LAYOUT_KEYS = 65536;

const isStrictlyIncreasing = (keys: readonly string[]): boolean =>
  keys.every((key, index) => index === 0 || compareKeys(keys[index - 1] ?? '', key) < 0);

/**
 * The catalogue of a round and how observations become its vector. Field f of key k is coordinate k * F + f, where F is
 * the number of fields: the coordinates of one key stand together.
 */
export const roundLayoutSchema = z
  .strictObject({
    /** `model:task`, strictly increasing by UTF-16 code units, 1 to 65536. */
    keys: z
      .array(signalKeySchema)
      .min(1)
      .max(MAX_LAYOUT_KEYS)
      .refine(isStrictlyIncreasing, { error: 'keys must be strictly increasing' }),
    /** In the order of `FIELD_NAMES`; quality and cost, each with its count, may be absent. */
    fields: z.array(fieldSpecSchema).min(3).max(FIELD_NAMES.length),
    /** Most requests one router sends in a round, over all keys. 1 to 2^30. */
    max_requests_per_router: z
      .int()
      .min(1)
      .max(2 ** 30),
    /** Most contributions added into one sum. 1 to 10^6. */
    max_participants: z.int().min(1).max(1_000_000),
    /** Words are integers mod 2^word_bits; at least what the sums need without noise (`requiredWordBits` with it). */
    word_bits: z.int().min(4).max(MAX_WORD_BITS),
  })
  .superRefine((layout, context) => {
    const problem = fieldListProblem(layout.fields.map((field) => field.name));
    // This also runs on lists that are too short or too long; only a valid one has a largest magnitude to compute with.
    if (problem !== undefined) {
      context.addIssue({ code: 'custom', path: ['fields'], message: problem, input: undefined });
      return;
    }
    const needed = wordBitsFor({ ...layout, noiseStdDevUnits: 0 });
    if (layout.word_bits < needed) {
      context.addIssue({
        code: 'custom',
        path: ['word_bits'],
        message: `the sums need ${needed} bits`,
        input: undefined,
      });
    }
  });
export type RoundLayout = z.infer<typeof roundLayoutSchema>;

/** Length d of the vector: keys times fields. */
export const layoutDimension = (layout: RoundLayout): number => layout.keys.length * layout.fields.length;

/** Position of a key in the catalogue (binary search), or -1. */
export function keyIndex(layout: RoundLayout, key: string): number {
  let low = 0;
  let high = layout.keys.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const order = compareKeys(layout.keys[middle] ?? '', key);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
