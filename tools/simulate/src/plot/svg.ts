/** SVG as text: just what the plots need. */

export type Attributes = Readonly<Record<string, string | number | undefined>>;

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
export const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character]);

/** Coordinates to a tenth of a pixel: enough to see, and short. */
const shown = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(value * 10) / 10) : escapeXml(value);

/** @param content children, already SVG */
export function element(name: string, attributes: Attributes, content: readonly string[] = []): string {
  const list = Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${shown(value)}"`]))
    .join('');
  return content.length === 0 ? `<${name}${list}/>` : `<${name}${list}>${content.join('')}</${name}>`;
}

export const label = (x: number, y: number, content: string, attributes: Attributes = {}): string =>
  element('text', { x, y, ...attributes }, [escapeXml(content)]);

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const polyline = (points: readonly Point[], attributes: Attributes): string =>
  element('polyline', {
    points: points.map(({ x, y }) => `${shown(x)},${shown(y)}`).join(' '),
    fill: 'none',
    ...attributes,
  });

export const drawing = (width: number, height: number, content: readonly string[]): string =>
  `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      'font-family': 'DejaVu Sans, Arial, sans-serif',
      'font-size': 11,
      fill: '#222',
    },
    ['\n', ...content.map((line) => `${line}\n`)],
  )}\n`;
