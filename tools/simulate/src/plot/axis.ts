export interface Axis {
  readonly ticks: readonly number[];
  /** Position of a value: 0 at the first tick, 1 at the last. */
  readonly place: (value: number) => number;
}

const linear =
  (from: number, to: number) =>
  (value: number): number =>
    (value - from) / (to - from);

/** The given ticks, evenly spaced ratios where their ratios are even. At least two, increasing, positive. */
export function logAxisOf(ticks: readonly number[]): Axis {
  const place = linear(Math.log(ticks[0]), Math.log(ticks[ticks.length - 1]));
  return { ticks, place: (value) => place(Math.log(value)) };
}

/** Whole steps of 1, 2, 5, 10, ... (of 1, 10, 100, ... over more than three decades) around positive values. */
export function logAxis(values: readonly number[]): Axis {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const mantissas = high / low > 1000 ? [1] : [1, 2, 5];
  const candidates: number[] = [];
  // Written as decimals and read back, so that a tick is the number it is labelled with.
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    candidates.push(...mantissas.map((m) => Number(`${m}e${power}`)));
  const first = candidates.findLastIndex((tick) => tick <= low);
  const last = candidates.findIndex((tick) => tick >= high);
  return logAxisOf(candidates.slice(first, Math.max(last, first + 1) + 1));
}

/** From 0 in at most five whole steps of 1, 2 or 5 to at least the largest value; all values at least 0. */
export function linearAxis(values: readonly number[]): Axis {
  const most = Math.max(...values, Number.MIN_VALUE);
  let [step, count] = [1, Infinity];
  for (let power = Math.floor(Math.log10(most)) - 1; count > 5; power++)
    for (const mantissa of [1, 2, 5]) {
      step = Number(`${mantissa}e${power}`);
      count = Math.ceil(most / step);
      if (count <= 5) break;
    }
  const ticks = Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
  return { ticks, place: linear(0, ticks[count]) };
}

/** Shares from 0 to 1. */
export const shareAxis: Axis = { ticks: [0, 0.25, 0.5, 0.75, 1], place: linear(0, 1) };
