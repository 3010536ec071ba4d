/**
 * Real outcomes of several models at several tasks, from a CSV file, as a world in which a router's choices can be
 * played again.
 */
import { signalKey } from '@secagg/schema';
import { readRows } from '../accuracy/read-rows';

/** What one model makes of one request. */
export interface Outcome {
  /** From 0 to 1: what is right only in part is a success with that chance. */
  readonly score: number;
  readonly costUsd: number;
  readonly tokens: number;
  readonly latencyS: number;
}

/** A request, and what each model would make of it, in the order of `models`. */
export interface Draw {
  readonly task: number;
  readonly outcomes: readonly Outcome[];
}

export interface Outcomes {
  /** Both in increasing order. */
  readonly models: readonly string[];
  readonly tasks: readonly string[];
  /**
   * The models answered the same prompts; otherwise a request is a task, and each model's outcome one of its rows of
   * that task.
   */
  readonly paired: boolean;
  readonly rows: number;
  /** Means over the rows, by model and task. */
  readonly truth: readonly (readonly Mean[])[];
  /** Means of each model over all requests that are drawn. */
  readonly overall: readonly Mean[];
  /** @param next uniform in [0, 1) */
  draw(next: () => number): Draw;
}

export interface Mean {
  readonly score: number;
  readonly costUsd: number;
}

interface Row extends Outcome {
  readonly line: number;
  readonly prompt?: string;
  readonly model: string;
  readonly task: string;
}

export interface ReadOptions {
  /** Tasks are cut at their first underscore: fewer and broader keys. */
  readonly coarse?: boolean;
}

/**
 * With a column `prompt`: prompt, task, model, score, input_tokens, output_tokens, cost_usd, and one row for every
 * prompt and model. Otherwise the columns of the scenario `accuracy`. A score below 0, as metrics of translations give
 * some, counts as 0. A colon in a task, which a key cannot hold, becomes a hyphen. Throws an Error that names the line,
 * the column that is missing, or what has no row.
 */
export function readOutcomes(csv: string, { coarse = false }: ReadOptions = {}): Outcomes {
  const text = csv.replace(/^\uFEFF/, '');
  if (text.trim() === '') throw new Error('the input is empty');
  const isPaired = text.split(/\r?\n/, 1)[0].split(',').includes('prompt');
  const rows = (isPaired ? pairedRows(text) : observedRows(text)).map((row) =>
    coarse ? { ...row, task: row.task.split('_', 1)[0] || row.task } : row,
  );
  if (rows.length === 0) throw new Error('the input has no rows');
  const models = distinct(rows.map(({ model }) => model));
  if (models.length < 2) throw new Error('the input has one model: there is nothing to choose');
  const tasks = distinct(rows.map(({ task }) => task));
  return isPaired ? paired(rows, models, tasks) : observed(rows, models, tasks);
}

const distinct = (values: readonly string[]): string[] => [...new Set(values)].sort();

const PAIRED_COLUMNS = ['prompt', 'task', 'model', 'score', 'input_tokens', 'output_tokens', 'cost_usd'] as const;

function pairedRows(text: string): Row[] {
  const [header, ...lines] = text.split(/\r?\n/);
  const names = header.split(',');
  const at = new Map(PAIRED_COLUMNS.map((name) => [name, names.indexOf(name)]));
  for (const [name, index] of at) if (index < 0) throw new Error(`the input has no column ${name}`);
  return lines.flatMap((line, i): Row[] => {
    if (line === '') return [];
    const refuse = (what: string): never => {
      throw new Error(`line ${i + 2} of the input: ${what}`);
    };
    const cells = line.split(',');
    if (cells.length !== names.length) refuse(`${cells.length} columns instead of ${names.length}`);
    const cell = (name: (typeof PAIRED_COLUMNS)[number]): string => cells[at.get(name) as number];
    const number = (name: (typeof PAIRED_COLUMNS)[number], most: number, least = 0): number => {
      const value = cell(name).trim() === '' ? NaN : Number(cell(name));
      return value >= least && value <= most
        ? value
        : refuse(`${name} must be a number from ${least} to ${most}, not ${cell(name)}`);
    };
    const [prompt, model, task] = [cell('prompt'), cell('model'), cell('task').replaceAll(':', '-')];
    if (prompt === '') refuse('no prompt');
    try {
      signalKey(model, task);
    } catch {
      refuse('model and task do not make a key');
    }
    return [
      {
        line: i + 2,
        prompt,
        model,
        task,
        score: Math.max(0, number('score', 1, -1)),
        costUsd: number('cost_usd', 1e6),
        tokens: number('input_tokens', 1e9) + number('output_tokens', 1e9),
        latencyS: 1,
      },
    ];
  });
}

const observedRows = (text: string): Row[] =>
  readRows(text).map(({ model, task, success, cost_usd = 0, tokens = 0, latency_s }, i) => ({
    line: i + 2,
    model,
    task,
    score: Number(success),
    costUsd: cost_usd,
    tokens,
    latencyS: latency_s,
  }));

function paired(rows: readonly Row[], models: readonly string[], tasks: readonly string[]): Outcomes {
  const prompts = new Map<string, (Row | undefined)[]>();
  for (const row of rows) {
    const name = row.prompt as string;
    const answers = prompts.get(name) ?? models.map(() => undefined);
    prompts.set(name, answers);
    const model = models.indexOf(row.model);
    const other = answers.find((answer) => answer !== undefined);
    if (answers[model])
      throw new Error(`line ${row.line} of the input: a second row of prompt ${name} and model ${row.model}`);
    if (other && other.task !== row.task)
      throw new Error(`line ${row.line} of the input: prompt ${name} has another task in line ${other.line}`);
    answers[model] = row;
  }
  const draws = [...prompts].map(([name, answers]): Draw => {
    const known = answers.filter((answer) => answer !== undefined);
    const missing = answers.findIndex((answer) => answer === undefined);
    if (missing >= 0)
      throw new Error(`line ${known[0].line} of the input: prompt ${name} has no row of model ${models[missing]}`);
    return { task: tasks.indexOf(known[0].task), outcomes: known };
  });
  return {
    ...means(rows, models, tasks),
    paired: true,
    draw: (next) => draws[Math.floor(draws.length * next())],
  };
}

function observed(rows: readonly Row[], models: readonly string[], tasks: readonly string[]): Outcomes {
  const cells = cellsOf(rows, models, tasks);
  const taskOf = rows.map(({ task }) => tasks.indexOf(task));
  return {
    ...means(rows, models, tasks),
    paired: false,
    draw: (next) => {
      const task = taskOf[Math.floor(taskOf.length * next())];
      return { task, outcomes: cells.map((byTask) => byTask[task][Math.floor(byTask[task].length * next())]) };
    },
  };
}

/** By model and task. */
function cellsOf(rows: readonly Row[], models: readonly string[], tasks: readonly string[]): Row[][][] {
  const cells = models.map(() => tasks.map((): Row[] => []));
  const [modelAt, taskAt] = [models, tasks].map((names) => new Map(names.map((name, i) => [name, i])));
  for (const row of rows) cells[modelAt.get(row.model) as number][taskAt.get(row.task) as number].push(row);
  cells.forEach((byTask, model) =>
    byTask.forEach(({ length }, task) => {
      if (length === 0) throw new Error(`the input has no row of model ${models[model]} at task ${tasks[task]}`);
    }),
  );
  return cells;
}

function means(rows: readonly Row[], models: readonly string[], tasks: readonly string[]) {
  const cells = cellsOf(rows, models, tasks);
  const truth = cells.map((byTask) => byTask.map(meanOf));
  const share = tasks.map((_, task) => cells.reduce((sum, byTask) => sum + byTask[task].length, 0) / rows.length);
  const overall = truth.map((byTask) => ({
    score: byTask.reduce((sum, { score }, task) => sum + share[task] * score, 0),
    costUsd: byTask.reduce((sum, { costUsd }, task) => sum + share[task] * costUsd, 0),
  }));
  return { models, tasks, rows: rows.length, truth, overall };
}

const meanOf = (rows: readonly Row[]): Mean => ({
  score: rows.reduce((sum, { score }) => sum + score, 0) / rows.length,
  costUsd: rows.reduce((sum, { costUsd }) => sum + costUsd, 0) / rows.length,
});
