/** A digest of a state whatever it is made of, so that two can be compared, and compared again after every call. */
import { hash } from 'node:crypto';
import { WordSum } from '@secagg/crypto';

/**
 * Equal for equal content: order of object keys, map and set entries does not matter; functions and undefined
 * properties are left out.
 */
export const fingerprint = (value: unknown): string => digest(value, new Map());

/** @param seen digests of objects met before: the same fleet documents hang on every round */
function digest(value: unknown, seen: Map<object, string>): string {
  if (typeof value !== 'object' || value === null) return `${typeof value} ${JSON.stringify(value)}`;
  const known = seen.get(value);
  if (known !== undefined) return known;
  const result = hash('sha256', described(value, seen), 'base64');
  seen.set(value, result);
  return result;
}

function described(value: object, seen: Map<object, string>): string {
  const list = (kind: string, items: readonly string[]): string => JSON.stringify([kind, ...items]);
  if (value instanceof WordSum) return list('sum', [Buffer.from(value.toPacked()).toString('base64')]);
  if (value instanceof Uint8Array) return list('bytes', [Buffer.from(value).toString('base64')]);
  if (value instanceof Map)
    return list(
      'map',
      [...value].map(([key, entry]) => list('entry', [digest(key, seen), digest(entry, seen)])).sort(),
    );
  if (value instanceof Set) return list('set', [...value].map((entry) => digest(entry, seen)).sort());
  if (Array.isArray(value))
    return list(
      'array',
      value.map((entry) => digest(entry, seen)),
    );
  const entries = Object.entries(value).filter(([, entry]) => typeof entry !== 'function' && entry !== undefined);
  return list(
    'object',
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([key, entry]) => [key, digest(entry, seen)]),
  );
}
