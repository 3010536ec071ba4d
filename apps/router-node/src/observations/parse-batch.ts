/** A request body to observations: JSON (one or an array) or one JSON object a line. */
import { parseObservation, type RewardObservation, SecaggError } from '@secagg/schema';

export const MAX_BATCH = 10_000;

/**
 * All of them or none. Throws `malformed` for what is no JSON, `too_large` past 10 000 rows, and `invalid` with
 * `details.index` (from 0; blank lines do not count) and `details.path` of the first bad one.
 */
export function parseBatch(contentType: string, body: Uint8Array): RewardObservation[] {
  const rows = contentType === 'application/x-ndjson' ? parseLines(body) : parseDocument(body);
  if (rows.length > MAX_BATCH) throw new SecaggError('too_large', `at most ${MAX_BATCH} observations a request`);
  return rows.map((row, index) => {
    try {
      return parseObservation(row);
    } catch (error) {
      if (error instanceof SecaggError)
        throw new SecaggError(error.code, `observation ${index}: ${error.message}`, { ...error.details, index });
      throw error;
    }
  });
}

function parseDocument(body: Uint8Array): unknown[] {
  const value = parseJson(decodeText(body), 'the body');
  return Array.isArray(value) ? value : [value];
}

function parseLines(body: Uint8Array): unknown[] {
  const lines = decodeText(body)
    .split('\n')
    .filter((line) => line.trim() !== '');
  // Before any is parsed: so many are not taken anyway.
  if (lines.length > MAX_BATCH) throw new SecaggError('too_large', `at most ${MAX_BATCH} observations a request`);
  return lines.map((line, index) => parseJson(line, `observation ${index}`, { index }));
}

export function decodeText(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new SecaggError('malformed', 'the body is not UTF-8');
  }
}

export function parseJson(text: string, what: string, details: Record<string, unknown> = {}): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SecaggError('malformed', `${what} is no JSON`, details);
  }
}
