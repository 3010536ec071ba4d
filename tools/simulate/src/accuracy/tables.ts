/** The report as tables. */
import { table } from '../markdown';
import { type AccuracyReport, type EpsilonRow, type FleetReport } from './report';
import { routersNeeded } from './routers-needed';
import { RULES } from './routing';
import { type Spread } from './statistics';

export function tables(report: AccuracyReport): string {
  const { least, median, most } = report.requests_per_key;
  return (
    [
      `${report.requests} requests, ${report.keys} keys (${least} to ${most} requests each, median ${median}), ${report.tasks} tasks, delta ${report.delta.toExponential()}.`,
      ...report.fleets.map((fleet) => fleetTables(fleet)),
      `### Routing: share of the tasks with the right choice\n\n${routing(report)}`,
      `### Routers that the unit \`router\` needs\n\n${needed(report)}`,
    ].join('\n\n') + '\n'
  );
}

const fleetTables = (fleet: FleetReport): string =>
  `### ${fleet.title}\n\n${clipLine(fleet)}\n\n${table(
    [
      'epsilon',
      'rho',
      'standard error of a count',
      'success rate',
      'latency, s',
      'cost, USD/token',
      'count, relative (all keys)',
      'keys withheld',
      'numbers published',
      'within 1 s.e.',
      'within 2 s.e.',
    ],
    fleet.rows.map((row) => [
      epsilonOf(row),
      row.rho.toPrecision(3),
      requests(row.count_standard_error),
      both(row.errors.success_rate),
      both(row.errors.avg_latency),
      both(row.errors.cost_efficiency),
      both(row.count_error, percent),
      percent(row.withheld),
      String(row.coverage.numbers),
      orNone(row.coverage.within_1, percent),
      orNone(row.coverage.within_2, percent),
    ]),
  )}`;

function clipLine(fleet: FleetReport): string {
  const ratios = fleet.rows.map((row) => row.noise_ratio);
  const rounds = fleet.rows[0].rounds;
  const norm = `C = ${fleet.clip_norm} units (${fleet.clip_norm_requests.toPrecision(4)} at ${fleet.units_per_request} units a request)`;
  const clipped = fleet.clipped === null ? '' : `, ${percent(fleet.clipped)} of the contributions were longer`;
  const times = rounds === 1 ? '1 round' : `${rounds} rounds`;
  return `${norm}${clipped}. ${times} per epsilon; measured noise variance ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} of the published one.`;
}

function routing(report: AccuracyReport): string {
  const fleets = report.fleets.filter((fleet) => !fleet.tight_bounds);
  const rows = fleets.flatMap((fleet) =>
    fleet.rows.map((row) => [
      fleet.title,
      epsilonOf(row),
      percent(row.routing.better.decided),
      ...RULES.flatMap((rule) => {
        const { right, decided } = row.routing[rule];
        return [percent(right), decided === 0 ? '-' : percent(right / decided)];
      }),
    ]),
  );
  return table(
    [
      'signal',
      'epsilon',
      'tasks decided',
      'better: right',
      'of those decided',
      'cheap enough: right',
      'of those decided',
    ],
    [
      ...rows,
      [
        'none: the best single model for all tasks',
        '',
        '',
        percent(report.constant_choice.better),
        '',
        percent(report.constant_choice.cheap_enough),
        '',
      ],
    ],
  );
}

function needed(report: AccuracyReport): string {
  const fleet = report.fleets.find(({ unit, copies }) => unit === 'router' && copies === 1);
  if (!fleet) return '';
  const perRouter = report.requests_per_key.median / fleet.routers;
  return table(
    ['epsilon', 'the median key is published', 'its success rate to 0.05', 'to 0.02'],
    fleet.rows.map((row) => [
      epsilonOf(row),
      ...[undefined, 0.05, 0.02].map((standardError) =>
        String(routersNeeded(row.count_standard_error, perRouter, standardError)),
      ),
    ]),
  );
}

const epsilonOf = (row: EpsilonRow): string => String(Number(row.epsilon.toPrecision(6)));
const percent = (value: number): string =>
  `${value >= 0.1 ? Math.round(value * 100) : Number((value * 100).toPrecision(2))}%`;
const orNone = (value: number | null, format: (value: number) => string): string =>
  value === null ? '-' : format(value);
const significant = (value: number): string =>
  value > 0 && value < 1e-3 ? value.toExponential(1) : value.toPrecision(2);
const requests = (value: number): string => (value < 100 ? value.toPrecision(3) : value.toFixed(0));

/** Median / 90th percentile. */
const both = ({ median, p90 }: Spread, format = significant): string =>
  median === null ? '-' : `${format(median)} / ${orNone(p90, format)}`;
