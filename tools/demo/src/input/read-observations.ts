/** Observations from a file: `.csv` with a header line, or `.jsonl` with one object a line. */
import { readFileSync } from 'node:fs';
import { parseObservation, type RewardObservation, SecaggError } from '@secagg/schema';

/** Throws `invalid`, naming the line. */
export function readObservations(path: string): RewardObservation[] {
  const text = readFileSync(path, 'utf8');
  const rows = path.endsWith('.jsonl') || path.endsWith('.ndjson') ? parseJsonLines(text) : parseCsv(text);
  return rows.map(({ line, row }) => {
    try {
      return parseObservation(observationOf(row));
    } catch (error) {
      const what = error instanceof Error ? error.message : 'unreadable';
      throw new SecaggError('invalid', `${path}, line ${line}: ${what}`, { line });
    }
  });
}

type Row = Readonly<Record<string, unknown>>;

interface NumberedRow {
  readonly line: number;
  readonly row: Row;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';
const optionalNumber = (value: unknown): number | undefined => (isGiven(value) ? Number(value) : undefined);

/** Tokens are given as such, or as what went into the model and what came out of it. Other columns are not looked at. */
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
    success: typeof row.success === 'boolean' ? row.success : successes[String(row.success)],
    latency_s: optionalNumber(row.latency_s),
    quality: optionalNumber(row.quality),
    cost_usd: optionalNumber(row.cost_usd),
    tokens,
  };
}

const successes: Readonly<Record<string, boolean>> = { 1: true, 0: false, true: true, false: false };

function parseJsonLines(text: string): NumberedRow[] {
  return text.split('\n').flatMap((content, i) => {
    if (content.trim() === '') return [];
    try {
      return [{ line: i + 1, row: JSON.parse(content) as Row }];
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
