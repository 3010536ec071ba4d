/** Centre and spread of every statistic over the groups that are believed. */
import { type Measure } from '@secagg/schema';
import { type GroupEntry, type GroupStatistic } from './group-statistics';
import { median, spread } from './spread';

export interface Fit {
  readonly centre: number;
  /** Groups behind the centre. */
  readonly count: number;
  /** Standard deviation of a group's value. */
  readonly deviation: (entry: GroupEntry) => number;
  /**
   * Degrees of freedom of `deviation`, if keys of a measure differ between groups alike but independently; may be
   * infinite.
   */
  readonly degrees: number;
  /** The same, if it is known from this statistic alone, apart from the noise. */
  readonly degreesAlone: number;
  /** Share of a typical group's variance that is not known noise, in [0, 1]. */
  readonly unknown: number;
}

/**
 * Degrees of freedom of a spread of r >= 1 times a known part, when only what is above it is estimated, with `degrees`
 * (Satterthwaite 1946): infinite for r = 1.
 */
export const beyondKnown = (degrees: number, r: number): number =>
  r > 1 ? degrees * (r ** 2 / (r ** 2 - 1)) ** 2 : Infinity;

/** Routers differ in rates by an amount, in counts, latencies and costs by a factor. */
const inProportion = (measure: Measure): boolean =>
  measure === 'total_samples' || measure === 'avg_latency' || measure === 'cost_efficiency';

/** Of the median, beside the mean. */
const MEDIAN_EFFICIENCY = 2 / Math.PI;

/** One statistic for itself; variances are of a group of one participant, in squared units of the measure. */
interface Alone {
  readonly known: readonly GroupEntry[];
  readonly centre: number;
  readonly noise: number;
  /** Between groups, less the noise. */
  readonly excess: number;
  /** What differences between routers are in proportion to. */
  readonly level: number;
}

function fitAlone({ measure, entries }: GroupStatistic, believed: readonly boolean[]): Alone | undefined {
  const known = entries.filter(({ position }) => believed[position]);
  if (known.length < 2) return undefined;
  const centre = median(known.map(({ value }) => value));
  const noise = median(known.map((entry) => entry.noise ** 2 * entry.size));
  const { value } = spread(known.map((entry) => (entry.value - centre) * Math.sqrt(entry.size)));
  const level = inProportion(measure) ? Math.max(Math.abs(centre), Math.sqrt(noise)) : 1;
  return { known, centre, noise, excess: Math.max(0, value ** 2 - noise), level };
}

/**
 * Per statistic, centre and spread between the believed groups; undefined where fewer than 2 of them have a value.
 *
 * A group of n participants has variance noise^2 + kappa^2 level^2 / n. The noise is known. What routers differ by
 * beyond it, kappa, is taken from all keys of a measure together (the median over the keys): one key's own spread over
 * a few groups is now and then far too small by chance. Where a key's own spread is larger than that, it counts.
 */
export function fitAll(statistics: readonly GroupStatistic[], believed: readonly boolean[]): (Fit | undefined)[] {
  const alone = statistics.map((statistic) => fitAlone(statistic, believed));
  const ratios = new Map<Measure, number[]>();
  alone.forEach((fit, i) => {
    if (fit && fit.level > 0) push(ratios, statistics[i].measure, fit.excess / fit.level ** 2);
  });
  const typical = new Map(
    [...ratios].map(([measure, values]) => [measure, { ratio: median(values), keys: values.length }]),
  );
  return alone.map((fit, i) => {
    if (!fit) return undefined;
    const { known, centre, level } = fit;
    const pool = typical.get(statistics[i].measure) ?? { ratio: 0, keys: 1 };
    const between = pool.ratio * level ** 2;
    const modelled = ({ noise, size }: GroupEntry): number => Math.sqrt(noise ** 2 + between / size);
    const { value, degrees } = spread(known.map((entry) => standardised(entry.value - centre, modelled(entry))));
    const multiple = Math.max(1, value);
    const total = (fit.noise + between) * multiple ** 2;
    const beyondNoise = (freedom: number, variance: number): number =>
      fit.noise > 0 ? beyondKnown(freedom, Math.sqrt(variance / fit.noise)) : freedom;
    const pooled = beyondNoise(degrees * Math.max(1, MEDIAN_EFFICIENCY * pool.keys), fit.noise + between);
    return {
      centre,
      count: known.length,
      deviation: (entry) => modelled(entry) * multiple,
      degrees: Math.min(pooled, beyondKnown(degrees, multiple)),
      degreesAlone: beyondNoise(degrees, total),
      unknown: total > 0 ? 1 - fit.noise / total : 0,
    };
  });
}

/** In units of a standard deviation that may be 0. */
export const standardised = (difference: number, deviation: number): number =>
  difference === 0 ? 0 : difference / deviation;

function push<Key>(lists: Map<Key, number[]>, key: Key, value: number): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
