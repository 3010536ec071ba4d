/** Routed requests from a CSV file. */
import { parseObservation, type RewardObservation } from '@secagg/schema';

const columns = ['model', 'task', 'success', 'latency_s', 'cost_usd', 'context_tokens', 'generated_tokens'] as const;

/**
 * One observation a row, in the file's order; columns by name, others are not looked at. Values are not quoted.
 * Throws an Error that names the line, or the column that is missing.
 */
export function readRows(csv: string): RewardObservation[] {
  const [header, ...lines] = csv.replace(/^\uFEFF/, '').split(/\r?\n/);
  const names = header.split(',');
  const [model, task, success, latency, cost, context, generated] = columns.map((name) => {
    const index = names.indexOf(name);
    if (index < 0) throw new Error(`the input has no column ${name}`);
    return index;
  });
  return lines.flatMap((line, i) => {
    if (line === '') return [];
    const cells = line.split(',');
    try {
      if (cells.length !== names.length) throw new Error(`${cells.length} columns instead of ${names.length}`);
      return [
        parseObservation({
          model: cells[model],
          task: cells[task],
          success: booleans[cells[success].toLowerCase()] ?? number(cells[success]),
          latency_s: number(cells[latency]),
          cost_usd: number(cells[cost]),
          tokens: number(cells[context]) + number(cells[generated]),
        }),
      ];
    } catch (error) {
      throw new Error(`line ${i + 2} of the input: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  });
}

/** As Python and spreadsheets write them. */
const booleans: Readonly<Record<string, boolean>> = { true: true, false: false };

/** An empty cell is not 0. */
const number = (cell: string): number => (cell.trim() === '' ? NaN : Number(cell));
