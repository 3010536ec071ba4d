/**
 * A digest of a state, to see whether it is still the same. Equal for equal content; the order of map entries does not
 * matter.
 */
import { createHash } from 'node:crypto';
import { WordSum } from '@secagg/crypto';

/** @param seen digests of objects met before: the same fleet documents hang on every round */
export function fingerprint(value: unknown, seen = new Map<object, string>()): string {
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`;
  const known = seen.get(value);
  if (known !== undefined) return known;
  const result = createHash('sha256').update(described(value, seen)).digest('base64');
  seen.set(value, result);
  return result;
}

function described(value: object, seen: Map<object, string>): string {
  const of = (item: unknown) => fingerprint(item, seen);
  if (value instanceof WordSum) return `sum ${Buffer.from(value.toPacked()).toString('base64')}`;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('base64')}`;
  if (value instanceof Map)
    return `map ${[...value]
      .map(([key, item]) => `${of(key)}=${of(item)}`)
      .sort()
      .join()}`;
  if (value instanceof Set) return `set ${[...value].map(of).sort().join()}`;
  if (Array.isArray(value)) return `array ${value.map(of).join()}`;
  const entries = Object.entries(value).filter(([, item]) => typeof item !== 'function' && item !== undefined);
  return `object ${entries
    .map(([key, item]) => `${key}=${of(item)}`)
    .sort()
    .join()}`;
}
