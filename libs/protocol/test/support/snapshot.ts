/** A state as plain data, so that two can be compared whatever they are made of. */
import { WordSum } from '@secagg/crypto';

export function snapshot(value: unknown): unknown {
  if (value instanceof WordSum) return `sum ${hex(value.toPacked())}`;
  if (value instanceof Uint8Array) return `bytes ${hex(value)}`;
  if (value instanceof Map) return { map: [...value].map(([key, entry]) => [snapshot(key), snapshot(entry)]).sort(byText) };
  if (value instanceof Set) return { set: [...value].map(snapshot).sort(byText) };
  if (Array.isArray(value)) return value.map(snapshot);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).filter(([, entry]) => typeof entry !== 'function' && entry !== undefined).map(([key, entry]) => [key, snapshot(entry)]));
  }
  return value;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
