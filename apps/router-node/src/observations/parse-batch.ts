/** A request body to observations: JSON (one or an array) or one JSON object a line. */
import { parseObservation, type RewardObservation, SecaggError } from '@secagg/schema';
import { decodeText, parseJson } from '../ingest/json/parse-json';
import { type Aliases } from '../ingest/names/aliases';
import { MAX_BATCH } from './observation-store';

export type ParsedObservation = { readonly observation: RewardObservation } | { readonly problem: SecaggError };

/**
 * Each row by itself (blank lines do not count). Throws `malformed` for a body that is no JSON, and `too_large` past 10
 * 000 rows.
 * @param aliases what the fleet calls models and tasks
 */
export function parseBatch(contentType: string, body: Uint8Array, aliases?: Aliases): ParsedObservation[] {
  return contentType === 'application/x-ndjson'
    ? linesOf(body).map((line) => tried(() => rowOf(parseJson(line, 'the line'), aliases)))
    : elementsOf(body).map((value) => tried(() => rowOf(value, aliases)));
}

/** The observations, all of them. Throws the problem of the first bad one, with `details.index` (from 0). */
export function allOf(rows: readonly ParsedObservation[]): RewardObservation[] {
  return rows.map((row, index) => {
    if ('observation' in row) return row.observation;
    const { code, message, details } = row.problem;
    throw new SecaggError(code, `observation ${index}: ${message}`, { ...details, index });
  });
}

function tried(act: () => RewardObservation): ParsedObservation {
  try {
    return { observation: act() };
  } catch (error) {
    if (error instanceof SecaggError) return { problem: error };
    throw error;
  }
}

function rowOf(value: unknown, aliases: Aliases | undefined): RewardObservation {
  if (!aliases || typeof value !== 'object' || value === null) return parseObservation(value);
  const { model, task } = value as { model?: unknown; task?: unknown };
  return parseObservation({
    ...value,
    ...(typeof model === 'string' ? { model: aliases.model(model) } : {}),
    ...(typeof task === 'string' ? { task: aliases.task(task) } : {}),
  });
}

function elementsOf(body: Uint8Array): unknown[] {
  const value = parseJson(decodeText(body), 'the body');
  const rows: unknown[] = Array.isArray(value) ? value : [value];
  return atMost(rows);
}

const linesOf = (body: Uint8Array): string[] =>
  atMost(
    decodeText(body)
      .split('\n')
      .filter((line) => line.trim() !== ''),
  );

/** Before any is looked at: so many are not taken anyway. */
function atMost<T>(rows: T[]): T[] {
  if (rows.length > MAX_BATCH) throw new SecaggError('too_large', `at most ${MAX_BATCH} observations a request`);
  return rows;
}
