/** Observations from a file: `.csv` with a header line, `.jsonl` with one object a line, or `.json` with an array. */
import { readFileSync } from 'node:fs';
import { parseObservation, type RewardObservation, SecaggError } from '@secagg/schema';

/** Throws `invalid` or `malformed`, naming the line; in `.json` the row, from 1. */
export function readObservations(path: string): RewardObservation[] {
  const text = readFileSync(path, 'utf8').replace(BYTE_ORDER_MARK, '');
  const { place, rows } = parseRows(path, text);
  return rows.map(({ line, row }) => {
    try {
      return parseObservation(observationOf(row));
    } catch (error) {
      const what = error instanceof Error ? error.message : 'unreadable';
      throw new SecaggError('invalid', `${path}, ${place} ${line}: ${what}`, { line });
    }
  });
}

const BYTE_ORDER_MARK = /^\uFEFF/;

function parseRows(path: string, text: string): { place: 'line' | 'row'; rows: NumberedRow[] } {
  if (/\.json$/i.test(path)) {
    const rows = parseJsonDocument(text);
    if (rows) return { place: 'row', rows };
  }
  const lines = /\.(json|jsonl|ndjson)$/i.test(path);
  return { place: 'line', rows: lines ? parseJsonLines(text) : parseCsv(text) };
}

type Row = Readonly<Record<string, unknown>>;

interface NumberedRow {
  readonly line: number;
  readonly row: Row;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';
const optionalNumber = (value: unknown): number | undefined => (isGiven(value) ? Number(value) : undefined);

/**
 * Tokens are given as such, or as what went into the model and what came out of it. Other columns are not looked at.
 */
function observationOf(row: Row): unknown {
  const parts = [row.context_tokens, row.generated_tokens];
  const tokens = isGiven(row.tokens)
    ? Number(row.tokens)
    : parts.every(isGiven)
      ? parts.reduce((sum: number, part) => sum + Number(part), 0)
      : undefined;
  return {
    model: row.model,
    task: row.task,
    success: successes[String(row.success).trim().toLowerCase()],
    latency_s: optionalNumber(row.latency_s),
    quality: optionalNumber(row.quality),
    cost_usd: optionalNumber(row.cost_usd),
    tokens,
  };
}

/** As JSON, Python and spreadsheets write them. */
const successes: Readonly<Record<string, boolean>> = {
  '1': true,
  '1.0': true,
  true: true,
  '0': false,
  '0.0': false,
  false: false,
};

/** Undefined when the whole text is no JSON: files of lines are named `.json`, too. */
function parseJsonDocument(text: string): NumberedRow[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const rows: unknown[] = Array.isArray(value) ? value : [value];
  return rows.map((row, i) => ({ line: i + 1, row: (row ?? {}) as Row }));
}

function parseJsonLines(text: string): NumberedRow[] {
  return text.split('\n').flatMap((content, i) => {
    if (content.trim() === '') return [];
    try {
      return [{ line: i + 1, row: (JSON.parse(content) ?? {}) as Row }];
    } catch {
      throw new SecaggError('malformed', `line ${i + 1} is no JSON`, { line: i + 1 });
    }
  });
}

function parseCsv(text: string): NumberedRow[] {
  const lines = text.split(/\r?\n/);
  const names = splitCsv(lines[0] ?? '').map((name) => name.trim());
  return lines.flatMap((content, i) => {
    if (i === 0 || content.trim() === '') return [];
    const values = splitCsv(content);
    if (values.length !== names.length)
      throw new SecaggError('malformed', `line ${i + 1} has ${values.length} columns instead of ${names.length}`, {
        line: i + 1,
      });
    return [{ line: i + 1, row: Object.fromEntries(names.map((name, column) => [name, values[column]])) }];
  });
}

/** One line of RFC 4180 CSV; a quoted value does not go past its line. */
export function splitCsv(line: string): string[] {
  const values: string[] = [];
  const value = /"((?:[^"]|"")*)"|[^,]*/y;
  for (let start = 0; start <= line.length; start = value.lastIndex + 1) {
    value.lastIndex = start;
    const match = value.exec(line);
    if (match === null) break;
    values.push(match[1] === undefined ? match[0] : match[1].replaceAll('""', '"'));
  }
  return values;
}
