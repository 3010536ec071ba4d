/** How far each group lies from the others, over all keys and measures together. */
import { type Measure } from '@secagg/schema';
import { beyondKnown, fitAll, standardised } from './fit';
import { type GroupStatistic } from './group-statistics';
import { chiSquaredQuantile, normalEquivalent, normalQuantile } from './normal';
import { median } from './spread';

/**
 * Nominal probability that a group of honest routers is flagged in a round.
 *
 * Measured with 11 groups and 12 keys: below 0.01 where groups differ by noise and by chance, up to 0.04 where a whole
 * router is slower or busier than others by several times the noise. With fewer groups the spread between honest ones
 * is hardly known: with 7 up to 0.07, with 5 up to
 * 0.2; with one key of 11 groups 0.08. What is concluded over rounds goes by the share of groups that are flagged, so
 * it holds whatever this figure really is.
 */
export const FALSE_ALARM_RATE = 0.03;

export interface GroupJudgement {
  /** Root mean square distance from the robust centre, in standard deviations: about 1 for a group like the others. */
  readonly score: number;
  readonly flagged: boolean;
  /** The statistic that lies furthest off, as the standard normal deviate that is as unlikely. */
  readonly largest?: { readonly key: string; readonly measure: Measure; readonly deviation: number };
}

interface Deviation {
  readonly key: string;
  readonly measure: Measure;
  /** As a standard normal deviate, if keys of a measure differ between groups alike but independently. */
  readonly z: number;
  /** The same, if nothing is known of how groups differ but from this statistic. */
  readonly alone: number;
  /** Share of the variance that is not known noise, in [0, 1]. */
  readonly unknown: number;
}

/** Beyond any threshold and still finite. */
const FAR = 1e6;

/** The standard error of a median in those of a mean, squared: pi / 2. */
const MEDIAN_VARIANCE = Math.PI / 2;

/**
 * Judges n groups by their statistics.
 *
 * The majority of groups that lie closest together is found first, by concentration (as in the minimum covariance
 * determinant: Rousseeuw and Van Driessen 1999, Technometrics 41, with coordinatewise medians and spreads in place of
 * means and a covariance matrix, which a dozen groups cannot give). From it the believed groups grow until nobody else
 * passes.
 *
 * What differs between honest groups by more than noise often differs for all keys of a measure together (a busy or a
 * slow router). So of each measure the mean deviation over the keys is judged by its own spread between groups, and the
 * keys by their differences from it. A group is flagged for its largest common part (normal, Bonferroni), for the sum
 * of squares of its differences (chi-squared), or for its largest single deviation (normal, Bonferroni), each at a
 * third of {@link FALSE_ALARM_RATE}.
 */
export function judgeGroups(statistics: readonly GroupStatistic[], groups: number): GroupJudgement[] {
  const majority = Math.floor(groups / 2) + 1;
  const sample = sampleOf(statistics);
  const judge = (believed: readonly boolean[]): GroupJudgement[] => judgeAgainst(believed, sample);
  const closest = (judged: readonly GroupJudgement[]): boolean[] => {
    const order = judged.map((_, position) => position).sort((a, b) => judged[a].score - judged[b].score || a - b);
    const core = new Set(order.slice(0, majority));
    return judged.map((_, position) => core.has(position));
  };
  const everyone = Array.from({ length: groups }, () => true);
  const core = untilStable(everyone, (believed) => closest(judge(believed)));
  const believed = untilStable(core, (before) => {
    const judged = judge(before);
    const passed = judged.map(({ flagged }) => !flagged);
    return passed.filter(Boolean).length < majority ? closest(judged) : passed;
  });
  return judgeAgainst(believed, statistics);
}

/** Whom to believe is found from some of the keys, where there are many; then all keys are judged by them. */
const ENOUGH_KEYS = 160;

function sampleOf(statistics: readonly GroupStatistic[]): readonly GroupStatistic[] {
  const keys = [...new Set(statistics.map(({ key }) => key))];
  if (keys.length <= ENOUGH_KEYS) return statistics;
  const chosen = new Set(
    Array.from({ length: ENOUGH_KEYS }, (_, i) => keys[Math.floor((i * keys.length) / ENOUGH_KEYS)]),
  );
  return statistics.filter(({ key }) => chosen.has(key));
}

/** Both iterations settle within a few steps; should one alternate, any of its sets will do. */
function untilStable(start: readonly boolean[], next: (set: readonly boolean[]) => boolean[]): readonly boolean[] {
  let set = start;
  for (let step = 0; step < 10; step++) {
    const following = next(set);
    if (following.every((value, i) => value === set[i])) return set;
    set = following;
  }
  return set;
}

function judgeAgainst(believed: readonly boolean[], statistics: readonly GroupStatistic[]): GroupJudgement[] {
  const deviations = believed.map((): Deviation[] => []);
  const fits = fitAll(statistics, believed);
  statistics.forEach(({ key, measure, entries }, i) => {
    const fit = fits[i];
    if (!fit) return;
    for (const entry of entries) {
      // The centre is not exact, and groups that it was not taken from differ from it by its own error too.
      const own = believed[entry.position] ? 1 : Math.sqrt(1 + MEDIAN_VARIANCE / fit.count);
      const t = within(standardised(entry.value - fit.centre, own * fit.deviation(entry)));
      const [z, alone] = [fit.degrees, fit.degreesAlone].map((degrees) => within(normalEquivalent(t, degrees)));
      deviations[entry.position].push({ key, measure, z, alone, unknown: fit.unknown });
    }
  });
  const parts = splitParts(deviations, believed);
  return deviations.map((of, position) => judgement(of, parts[position]));
}

const within = (z: number): number => Math.min(Math.max(z, -FAR), FAR);

interface Parts {
  /** Largest common part of a measure, as a standard normal deviate, and how many measures there are. */
  readonly common: number;
  readonly measures: number;
  /** Sum of squares of the differences from the common parts, and its degrees of freedom. */
  readonly own: number;
  readonly ownDegrees: number;
}

function judgement(deviations: readonly Deviation[], { common, measures, own, ownDegrees }: Parts): GroupJudgement {
  const count = deviations.length;
  if (count === 0) return { score: 0, flagged: false };
  const largest = deviations.reduce((most, next) => (Math.abs(next.alone) > Math.abs(most.alone) ? next : most));
  const level = FALSE_ALARM_RATE / 3;
  const flagged =
    common > normalQuantile(1 - level / (2 * measures)) ||
    (ownDegrees > 0 && own > chiSquaredQuantile(1 - level, ownDegrees)) ||
    Math.abs(largest.alone) > normalQuantile(1 - level / (2 * count));
  return {
    score: Math.sqrt(deviations.reduce((sum, { z }) => sum + z ** 2, 0) / count),
    flagged,
    largest: { key: largest.key, measure: largest.measure, deviation: largest.alone },
  };
}

/**
 * Splits the deviations of each group and measure into the part common to the keys, judged by its own spread between
 * groups, and the rest.
 */
function splitParts(deviations: readonly (readonly Deviation[])[], believed: readonly boolean[]): Parts[] {
  const parts = deviations.map(() => ({ common: 0, measures: 0, own: 0, ownDegrees: 0 }));
  for (const measure of new Set(deviations.flatMap((of) => of.map((deviation) => deviation.measure)))) {
    const of = deviations.map((all) => all.filter((deviation) => deviation.measure === measure));
    // Independent deviations of variance 1 add up to a common part of variance 1.
    const common = of.map((all) => all.reduce((sum, { z }) => sum + z, 0) / Math.sqrt(all.length || 1));
    const known = common.filter((_, position) => believed[position] && of[position].length > 0);
    if (known.length < 2) continue;
    // Not a robust spread: the believed groups are those that lie together, and of few values it makes the most.
    const value = standardDeviation(known);
    of.forEach((all, position) => {
      if (all.length === 0) return;
      const part = parts[position];
      // If all that is unknown were common to the keys, the common part's standard deviation would be this.
      const couldBe = Math.sqrt(1 + all.length * median(all.map(({ unknown }) => unknown)));
      const mean = common[position] / Math.sqrt(all.length);
      const z = normalEquivalent(
        common[position] / Math.max(1, value),
        beyondKnown(known.length - 1, Math.max(value, couldBe)),
      );
      part.common = Math.max(part.common, Math.abs(z));
      part.measures += 1;
      part.own += all.reduce((sum, deviation) => sum + (deviation.z - mean) ** 2, 0);
      part.ownDegrees += all.length - 1;
    });
  }
  return parts;
}

function standardDeviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
