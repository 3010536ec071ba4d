/** Regret over epsilon: a row of panels for each input. */
import { linearAxis, logAxisOf } from '../plot/axis';
import { drawPanel, type Panel, type Series } from '../plot/panel';
import { drawing, element, label } from '../plot/svg';
import { EPSILONS, type Estimate, type InputReport, type PolicyReport, type ReplayReport } from './report';
import { titleOf } from './tables';

const FEDERATED = '#0b5fa5';
const LOCAL = '#d1495b';
const POOLED = '#2a9d8f';
const ALWAYS = '#888';

const [width, height, left, top] = [235, 170, 55, 95];
const [stepX, stepY] = [width + 75, height + 95];
const PER_ROW = 3;

type Value = (policy: PolicyReport) => Estimate;

function series({ policies }: InputReport, value: Value): Series[] {
  /** What does not depend on epsilon is a level line. */
  const level = (policy: PolicyReport | undefined, colour: string, dashed = false): Series[] =>
    policy ? [{ colour, dashed, points: EPSILONS.map((epsilon) => [epsilon, value(policy).mean] as const) }] : [];
  const always = policies.filter(({ knows }) => knows === 'always');
  const best = always.reduce((a, b) => (value(b).mean < value(a).mean ? b : a));
  const federated = policies.filter(({ knows }) => knows === 'federated');
  const found = (knows: PolicyReport['knows']) => policies.find((policy) => policy.knows === knows);
  return [
    ...level(best, ALWAYS, true),
    ...level(found('local'), LOCAL),
    ...level(found('pooled'), POOLED),
    {
      colour: FEDERATED,
      points: federated.map((policy) => [policy.epsilon as number, value(policy).mean] as const),
      bars: federated.map((policy) => value(policy).standardError),
    },
  ];
}

function panel(title: string, note: string, input: InputReport, value: Value): Panel {
  const lines = series(input, value);
  const values = lines.flatMap(({ points, bars }) => points.map(([, y], i) => (y ?? 0) + (bars?.[i] || 0)));
  return {
    title,
    note,
    x: logAxisOf(EPSILONS),
    xLabel: 'epsilon of all rounds',
    y: linearAxis(values),
    tick: String,
    series: lines,
  };
}

export function replayPlot(report: ReplayReport): string {
  const rows = report.inputs.map((input, row) => {
    const panels = [
      panel('all routers', 'regret of a request', input, ({ regret }) => regret),
      panel(
        'routers that join late',
        report.coldRounds === 1 ? 'in their first round' : `in their first ${report.coldRounds} rounds`,
        input,
        ({ lateRegret }) => lateRegret,
      ),
      panel('a new model, the best one', 'since it came', input, ({ newModelRegret }) => newModelRegret),
    ];
    const above = top + stepY * row;
    return [
      label(left, above - 42, titleOf(input), { 'font-size': 12, 'font-weight': 'bold' }),
      ...panels.map((each, i) => drawPanel(each, { left: left + stepX * i, top: above, width, height })),
    ];
  });
  const bottom = top + stepY * rows.length - 40;
  const legend = (
    [
      ['own requests only', LOCAL, false],
      ['own requests and rounds (± s.e.)', FEDERATED, false],
      ['all requests in the clear', POOLED, false],
      ['best single model for everything', ALWAYS, true],
    ] as const
  ).map(([text, colour, dashed], i) => {
    const x = left + 240 * i;
    const stroke = { stroke: colour, 'stroke-width': 2.5, 'stroke-dasharray': dashed ? '5 4' : undefined };
    return element('g', {}, [
      element('line', { x1: x, x2: x + 22, y1: bottom, y2: bottom, ...stroke }),
      label(x + 28, bottom + 4, text),
    ]);
  });
  const [total, full] = [left + stepX * PER_ROW + 20, bottom + 20];
  return drawing(total, full, [
    element('rect', { width: total, height: full, fill: '#fff' }),
    label(
      left,
      25,
      `Regret on real outcomes against epsilon: ${report.routers} routers, ${report.rounds * report.requestsPerRound} requests each`,
      {
        'font-size': 15,
        'font-weight': 'bold',
      },
    ),
    ...rows.flat(),
    ...legend,
  ]);
}
