import { z } from 'zod';
import { SecaggError } from '../problems';

/** Longest key of a signal or catalogue, in UTF-16 code units. */
export const MAX_KEY_LENGTH = 200;

/**
 * What no key may contain: control characters (Unicode category Cc), lone surrogates (they have no UTF-8 form), line
 * and paragraph separators, and the bidirectional controls that would let one key be displayed as another. Listed by
 * code point where the category could grow with a Unicode version: validity must not depend on who checks.
 */
const FORBIDDEN = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

const isKey = (key: string): boolean => {
  const colon = key.lastIndexOf(':');
  return key.length <= MAX_KEY_LENGTH && colon > 0 && colon < key.length - 1 && !FORBIDDEN.test(key);
};

/**
 * Key of a signal: `model:task`, 3 to 200 UTF-16 code units. The last ':' divides: a model may hold more of them
 * (`ollama/llama3:8b`), a task, which the fleet chooses, holds none. Neither is empty. Compared code unit by code unit:
 * no case folding and no Unicode normalisation.
 */
export const signalKeySchema = z
  .string()
  .refine(isKey, { error: `a key is model:task, at most ${MAX_KEY_LENGTH} characters, without control characters` });

/** Text of one line that is shown to people: without what no key may contain. */
export const printableText = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .refine((text) => !FORBIDDEN.test(text), { error: 'it holds no control characters' });

/** Model part of a key: as `signalKeySchema`. */
export const modelSchema = z
  .string()
  .min(1)
  .max(MAX_KEY_LENGTH - 2)
  .refine((model) => !FORBIDDEN.test(model), { error: 'a model holds no control characters' });

/** Task part of a key: as `signalKeySchema`, without ':'. */
export const taskSchema = z
  .string()
  .min(1)
  .max(MAX_KEY_LENGTH - 2)
  .refine((task) => !task.includes(':') && !FORBIDDEN.test(task), {
    error: 'a task holds no ":" and no control characters',
  });

/** The key of a model and a task; throws `invalid` when they do not make one. */
export function signalKey(model: string, task: string): string {
  const key = joinKey(model, task);
  if (task.includes(':') || !isKey(key))
    throw new SecaggError('invalid', 'model and task do not make a key', { path: 'task' });
  return key;
}

/** The text of a key whose parts were checked before, or only to be looked up among valid keys. */
export const joinKey = (model: string, task: string): string => `${model}:${task}`;

/** Model and task of a valid key; `signalKey` of them is the key again. */
export function splitSignalKey(key: string): { model: string; task: string } {
  if (!isKey(key)) throw new SecaggError('invalid', 'not a key of the form model:task', { path: 'key' });
  const colon = key.lastIndexOf(':');
  return { model: key.slice(0, colon), task: key.slice(colon + 1) };
}

/**
 * Order of keys: by UTF-16 code units (as RFC 8785 sorts names), which is what `Array.prototype.sort` does by itself.
 */
export const compareKeys = (a: string, b: string): -1 | 0 | 1 => (a < b ? -1 : a > b ? 1 : 0);
