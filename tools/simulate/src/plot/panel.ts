import { type Axis } from './axis';
import { element, label, polyline } from './svg';

export interface Series {
  readonly colour: string;
  readonly dashed?: boolean;
  /** Null: no value, a gap in the line. */
  readonly points: readonly (readonly [x: number, y: number | null])[];
  /** Half the length of a bar at each point; 0 or absent: none. */
  readonly bars?: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly x: Axis;
  readonly xLabel: string;
  readonly y: Axis;
  readonly tick: (value: number) => string;
  readonly series: readonly Series[];
  /** Below the title. */
  readonly note?: string;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** One panel; `box` is its plotting area, around which it needs 45 pixels to the left, 35 above and 30 below. */
export function drawPanel(panel: Panel, { left, top, width, height }: Box): string {
  const x = (value: number): number => left + width * panel.x.place(value);
  const y = (value: number): number => top + height * (1 - panel.y.place(value));
  const grid = [
    ...panel.y.ticks.flatMap((tick) => [
      element('line', { x1: left, x2: left + width, y1: y(tick), y2: y(tick), stroke: '#ddd' }),
      label(left - 6, y(tick) + 4, panel.tick(tick), { 'text-anchor': 'end' }),
    ]),
    ...panel.x.ticks.flatMap((tick) => [
      element('line', { x1: x(tick), x2: x(tick), y1: top, y2: top + height, stroke: '#eee' }),
      label(x(tick), top + height + 15, String(tick), { 'text-anchor': 'middle' }),
    ]),
    element('rect', { x: left, y: top, width, height, fill: 'none', stroke: '#999' }),
    label(left + width / 2, top + height + 29, panel.xLabel, { 'text-anchor': 'middle', fill: '#666' }),
  ];
  const lines = panel.series.flatMap(({ colour, dashed, points, bars }) => {
    const placed = points.map(([px, py]) => (py === null ? undefined : { x: x(px), y: y(py) }));
    return [
      ...runs(placed)
        .filter((run) => run.length > 1)
        .map((run) =>
          polyline(run, { stroke: colour, 'stroke-width': 1.8, 'stroke-dasharray': dashed ? '5 4' : undefined }),
        ),
      ...points.flatMap(([px, py], i) => {
        const half = bars?.[i] ?? 0;
        if (py === null || !(half > 0)) return [];
        return [element('line', { x1: x(px), x2: x(px), y1: y(py - half), y2: y(py + half), stroke: colour })];
      }),
      ...placed.flatMap((point) =>
        point
          ? [element('circle', { cx: point.x, cy: point.y, r: 2.6, fill: dashed ? '#fff' : colour, stroke: colour })]
          : [],
      ),
    ];
  });
  const title = label(left, top - (panel.note === undefined ? 8 : 21), panel.title, { 'font-weight': 'bold' });
  const note = panel.note === undefined ? [] : [label(left, top - 7, panel.note, { fill: '#666', 'font-size': 10 })];
  return element('g', {}, [title, ...note, ...grid, ...lines]);
}

/** Stretches without gaps. */
function runs<T>(values: readonly (T | undefined)[]): T[][] {
  const found: T[][] = [[]];
  for (const value of values) {
    if (value === undefined) found.push([]);
    else found[found.length - 1].push(value);
  }
  return found;
}
