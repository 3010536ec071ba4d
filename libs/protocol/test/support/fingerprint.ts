/** A digest of a state whatever it is made of, so that two can be compared, and compared again after every call. */
import { createHash, type Hash } from 'node:crypto';
import { WordSum } from '@secagg/crypto';

/** Equal for equal content: order of object keys, map and set entries does not matter; functions and undefined properties are left out. */
export function fingerprint(value: unknown): string {
  const hash = createHash('sha256');
  feed(hash, value);
  return hash.digest('base64');
}

function feed(hash: Hash, value: unknown): void {
  if (value instanceof WordSum) feedBytes(hash, 'sum', value.toPacked());
  else if (value instanceof Uint8Array) feedBytes(hash, 'bytes', value);
  else if (value instanceof Map) feedList(hash, 'map', [...value].map(fingerprint).sort());
  else if (value instanceof Set) feedList(hash, 'set', [...value].map(fingerprint).sort());
  else if (Array.isArray(value)) feedList(hash, 'array', value);
  else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, entry]) => typeof entry !== 'function' && entry !== undefined);
    feedList(hash, 'object', entries.sort(([a], [b]) => (a < b ? -1 : 1)).flat());
  } else hash.update(`${typeof value} ${JSON.stringify(value)}\n`);
}

const feedBytes = (hash: Hash, kind: string, bytes: Uint8Array): void => void hash.update(`${kind} ${bytes.length}\n`).update(bytes);

function feedList(hash: Hash, kind: string, items: readonly unknown[]): void {
  hash.update(`${kind} ${items.length}\n`);
  for (const item of items) feed(hash, item);
}
