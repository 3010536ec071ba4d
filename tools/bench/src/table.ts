/** The figures as a person reads them. */
import { type Figure } from './figures';

export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target: number;
  readonly stretch: number;
  /** Only runs whose sums were checked give figures. */
  readonly checked: true;
}

const reaches = (value: number, goal: number, rising = false): boolean => (rising ? value >= goal : value <= goal);
const show = (value: number): string => String(+value.toPrecision(3));

export const header = [
  `${'figure'.padEnd(46)}${'measured'.padStart(10)}${'target'.padStart(10)}${'stretch'.padStart(10)}`,
  '-'.repeat(86),
].join('\n');

export function line({ name, value, unit }: Result, { target, stretch, rising }: Figure): string {
  const verdict = reaches(value, stretch, rising) ? 'stretch' : reaches(value, target, rising) ? 'target' : 'MISSED';
  return `${name.padEnd(46)}${show(value).padStart(10)}${show(target).padStart(10)}${show(stretch).padStart(10)}  ${unit.padEnd(6)}${verdict}`;
}
