/** The report as six panels over epsilon. */
import { type AccuracyReport, type EpsilonRow, EPSILONS, type FleetReport } from './report';
import { MEANS } from './figures';
import { RULES } from './routing';
import { type Spread } from './statistics';
import { logAxis, logAxisOf, shareAxis } from '../plot/axis';
import { drawPanel, type Panel, type Series } from '../plot/panel';
import { drawing, element, label } from '../plot/svg';

const COLOURS = ['#0b5fa5', '#2a9d8f', '#d1495b', '#e9a227'];
const GREY = '#888';

const [columns, width, height, left, top] = [3, 235, 170, 55, 75];
const [stepX, stepY] = [width + 75, height + 75];
const x = { x: logAxisOf(EPSILONS), xLabel: 'epsilon' };

const line = (
  fleet: FleetReport,
  colour: string,
  value: (row: EpsilonRow) => number | null,
  dashed = false,
): Series => ({
  colour,
  dashed,
  points: fleet.rows.map((row, i) => [EPSILONS[i], value(row)]),
});

const percent = (value: number): string => `${Math.round(value * 100)}%`;

/** Numbers far from 1 in powers of ten. */
const plain = (value: number): string => (value > 0 && value < 1e-3 ? value.toExponential(0) : String(value));

/** Median and 90th percentile of an error; fleets that publish nothing have no line. */
function errors(
  title: string,
  note: string,
  fleets: readonly [FleetReport, string][],
  spread: (row: EpsilonRow) => Spread,
): Panel {
  const series = fleets.flatMap(([fleet, colour]) => [
    line(fleet, colour, (row) => spread(row).median),
    line(fleet, colour, (row) => spread(row).p90, true),
  ]);
  const values = series.flatMap((entry) =>
    entry.points.flatMap(([, value]) => (value === null || value <= 0 ? [] : [value])),
  );
  return { title, note, ...x, y: logAxis(values), tick: plain, series };
}

export function accuracyPlot(report: AccuracyReport): string {
  const all = report.fleets.map((fleet, i) => [fleet, COLOURS[i]] as [FleetReport, string]);
  // Bounds change latency and cost only.
  const defaults = all.filter(([fleet]) => !fleet.tight_bounds);
  const [success, latency, cost] = MEANS;
  const constant = RULES.map(
    (rule, i): Series => ({
      colour: GREY,
      dashed: i > 0,
      points: EPSILONS.map((epsilon) => [epsilon, report.constant_choice[rule]]),
    }),
  );
  const panels: Panel[] = [
    errors('success rate: absolute error', 'published keys', defaults, (row) => row.errors[success]),
    errors('latency: absolute error, s', 'published keys', all, (row) => row.errors[latency]),
    errors('cost: absolute error, USD/token', 'published keys', all, (row) => row.errors[cost]),
    errors('count of requests: relative error', 'all keys, withheld or not', defaults, (row) => row.count_error),
    {
      title: 'keys withheld',
      note: 'count below 5 of its standard errors',
      ...x,
      y: shareAxis,
      tick: percent,
      series: defaults.map(([fleet, colour]) => line(fleet, colour, (row) => row.withheld)),
    },
    {
      title: 'right choice of model by task',
      note: 'solid: better; dashed: cheap enough; grey: no signal',
      ...x,
      y: shareAxis,
      tick: percent,
      series: [
        ...constant,
        ...defaults.flatMap(([fleet, colour]) =>
          RULES.map((rule, i) => line(fleet, colour, (row) => row.routing[rule].right, i > 0)),
        ),
      ],
    },
  ];
  const boxes = panels.map((panel, i) =>
    drawPanel(panel, { left: left + stepX * (i % columns), top: top + stepY * Math.floor(i / columns), width, height }),
  );
  const bottom = top + stepY * Math.ceil(panels.length / columns) - 20;
  const legend = all.map(([fleet, colour], i) => {
    const [lx, ly] = [left + 480 * (i % 2), bottom + 20 * Math.floor(i / 2)];
    return element('g', {}, [
      element('line', { x1: lx, x2: lx + 26, y1: ly, y2: ly, stroke: colour, 'stroke-width': 2.5 }),
      label(lx + 34, ly + 4, fleet.title),
    ]);
  });
  const [total, full] = [left + stepX * columns - 15, bottom + 20 * Math.ceil(all.length / 2) + 5];
  return drawing(total, full, [
    element('rect', { width: total, height: full, fill: '#fff' }),
    label(left, 25, `Accuracy of one round against epsilon (delta ${report.delta.toExponential()})`, {
      'font-size': 15,
      'font-weight': 'bold',
    }),
    label(total - 20, 25, 'errors: solid median, dashed 90th percentile', { 'text-anchor': 'end', fill: '#666' }),
    ...boxes,
    ...legend,
  ]);
}
