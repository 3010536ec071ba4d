import { logAxisOf, shareAxis } from './axis';
import { drawPanel } from './panel';

const box = { left: 50, top: 40, width: 200, height: 100 };
const draw = (points: readonly (readonly [number, number | null])[]): string =>
  drawPanel(
    {
      title: 'a & b',
      x: logAxisOf([1, 2, 4]),
      xLabel: 'x',
      y: shareAxis,
      tick: String,
      series: [{ colour: '#123456', points }],
    },
    box,
  );

it('puts values where the axes say', () => {
  expect(
    draw([
      [1, 0],
      [2, 0.5],
      [4, 1],
    ]),
  ).toContain('points="50,140 150,90 250,40"');
});

it('leaves a gap where a value is missing, and still shows a lone point', () => {
  const svg = draw([
    [1, 0.5],
    [2, null],
    [4, 0.25],
  ]);
  expect(svg).not.toContain('<polyline');
  expect(svg.match(/<circle/g)).toHaveLength(2);
});

it('escapes text', () => {
  expect(draw([])).toContain('a &amp; b');
});
