/** Values of foreign JSON, read with patience: what is not what it should be is as if it were not there. */
import { createHash } from 'node:crypto';

export type JsonObject = Readonly<Record<string, unknown>>;

export const asObject = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;

export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A text with something in it. */
export const asText = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined;

/** A number, also one that was written as text; NaN where it is something else; undefined where there is nothing. */
export function asNumber(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
}

/** Python's and JSON's true. */
export const isTrue = (value: unknown): boolean =>
  value === true || (typeof value === 'string' && value.toLowerCase() === 'true');

const MAX_REQUESTER_LENGTH = 256;

/** Who sent a request, as an observation takes it: longer ids become their hash. */
export function requesterOf(value: unknown): string | undefined {
  const id = typeof value === 'number' ? String(value) : asText(value);
  return id === undefined || id.length <= MAX_REQUESTER_LENGTH ? id : createHash('sha256').update(id).digest('hex');
}

const MAX_ID_LENGTH = 1024;

/** An id by which a request is known again. */
export function idOf(value: unknown): string | undefined {
  const id = typeof value === 'number' ? String(value) : asText(value);
  return id === undefined || id.length <= MAX_ID_LENGTH ? id : createHash('sha256').update(id).digest('hex');
}
