/** What the demo prints of a round. */
import { type KeyDetails, type Measure, type RewardSignal } from '@secagg/schema';
import { type DemoPlan } from '../plan';
import { MEASURES } from '../round/compare';
import { type RoundReport } from '../round/run-round';

/** Rows of the table; the summary below it is about all keys. */
const MOST_ROWS = 16;

interface Column {
  readonly measure: Measure;
  readonly title: string;
  readonly digits: number;
  readonly factor: number;
}

const columns: readonly Column[] = [
  { measure: 'total_samples', title: 'requests', digits: 0, factor: 1 },
  { measure: 'success_rate', title: 'success rate', digits: 3, factor: 1 },
  { measure: 'avg_latency', title: 'latency, s', digits: 2, factor: 1 },
  { measure: 'quality_score', title: 'quality', digits: 3, factor: 1 },
  { measure: 'cost_efficiency', title: 'USD per million tokens', digits: 2, factor: 1e6 },
];

type Finished = RoundReport & Required<Pick<RoundReport, 'result' | 'truth' | 'comparison'>>;

const number = (value: number | undefined, { digits, factor }: Column): string =>
  value === undefined ? '-' : (value * factor).toFixed(digits);

function cell(
  column: Column,
  entry: RewardSignal | undefined,
  truth: RewardSignal | undefined,
  details: KeyDetails | undefined,
): string {
  if (!entry) return `withheld (${number(truth?.[column.measure], column)})`;
  const error = details?.standard_errors[column.measure] ?? 0;
  const digits = column.measure === 'total_samples' ? 0 : column.digits;
  const spread = error > 0 ? ` ±${(error * column.factor).toFixed(digits)}` : '';
  return `${number(entry[column.measure], column)}${spread} (${number(truth?.[column.measure], column)})`;
}

function layOut(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row.map((text, column) => (column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column]))).join('  '),
  );
}

/** Aggregate ± standard error, with the truth in brackets; the keys with the most requests first. */
export function table({ result, truth }: Finished): string[] {
  const present = columns.filter(({ measure }) =>
    Object.values(truth.reward_signals).some((entry) => entry[measure] !== undefined),
  );
  const keys = Object.keys(truth.reward_signals).sort(
    (a, b) => truth.reward_signals[b].total_samples - truth.reward_signals[a].total_samples,
  );
  const shown = keys.slice(0, MOST_ROWS);
  const lines = layOut([
    ['model:task', ...present.map(({ title }) => title)],
    ...shown.map((key) => [
      key,
      ...present.map((column) =>
        cell(column, result.signal.reward_signals[key], truth.reward_signals[key], result.details[key]),
      ),
    ]),
  ]);
  const rest = keys.length - shown.length;
  return ['aggregate ± standard error (truth)', ...lines, ...(rest > 0 ? [`... and ${rest} more keys`] : [])];
}

/** How far the aggregate is from the truth, over all keys. */
export function accuracy({ comparison, truth }: Finished, plan: DemoPlan, noise: boolean): string[] {
  const keys = Object.keys(truth.reward_signals).length;
  if (!noise) {
    const resolution = MEASURES.flatMap((measure) =>
      plan.resolution[measure] === undefined ? [] : [`${measure} ${plan.resolution[measure].toExponential(1)}`],
    );
    const verdict =
      comparison.mismatches.length === 0
        ? `equals the truth on all ${keys} keys`
        : `DIFFERS from the truth in ${comparison.mismatches.length} numbers`;
    return [`the aggregate ${verdict}: counts exactly, means to the declared resolution (${resolution.join(', ')})`];
  }
  const { count, mean, deviation } = comparison.standardised;
  const withheld =
    comparison.withheldKeys > 0
      ? `; ${comparison.withheldKeys} keys of the catalogue withheld, their counts being too small beside the noise`
      : '';
  return [
    `errors in standard errors, over ${count} numbers of ${keys} keys: mean ${mean.toFixed(2)}, standard deviation ${deviation.toFixed(2)}${withheld}`,
  ];
}

export const isFinished = (report: RoundReport): report is Finished =>
  report.result !== undefined && report.truth !== undefined && report.comparison !== undefined;
