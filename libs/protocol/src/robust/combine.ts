/**
 * From examined groups to the signal: robust estimates, each with what robustness costs (docs/protocol.md, "The
 * signal").
 */
import {
  type Combination,
  type KeyDetails,
  type Measure,
  type RewardSignal,
  type RoundConfig,
  type Withheld,
} from '@secagg/schema';
import { type ExaminedGroups } from './examine';
import { type Fit, fitAll } from './fit';
import { type GroupStatistic } from './group-statistics';
import { trimmedMean, trimmingCost, trimOf } from './trimming';

export type RobustCombination = Exclude<Combination, 'sum'>;

export interface CombinedKey {
  readonly entry: RewardSignal;
  readonly details: KeyDetails;
}

export interface CombinedGroups {
  /** By key, for the keys that are not withheld. */
  readonly keys: ReadonlyMap<string, CombinedKey>;
  readonly withheld: readonly Withheld[];
}

interface Estimate {
  readonly value: number;
  readonly standardError: number;
}

type Refusal = Extract<Withheld['reason'], 'few_groups' | 'spoiled_groups'>;

/** More than half of the opened groups; fewer than three opened ones have no majority that means anything. */
export const majorityOf = (opened: number): number => Math.max(2, Math.floor(opened / 2) + 1);

/**
 * Of t with n degrees of freedom the variance is n/(n-2); from 3 on, below which no spread between groups is known to
 * speak of.
 */
const studentFactor = (degrees: number): number =>
  degrees === Infinity ? 1 : Math.sqrt(Math.max(3, degrees) / (Math.max(3, degrees) - 2));

/**
 * One statistic over the groups that have it. Its standard error is the root of the sum of squares of
 * - the error of a trimmed mean of the sound groups ({@link trimmingCost}), from their spread, at least the known
 * noise,
 *   times sqrt(nu/(nu-2)) for a spread that is itself an estimate: errors over standard errors then have variance 1;
 * - the largest shift that the groups found spoiled can still cause.
 * What groups that were *not* found spoiled can do is not in it: they lie within the spread, and less than half of them
 * shift the estimate by less than `trimmingCost(n, trim, trim).shift` standard deviations of a group.
 */
function estimate(
  statistic: GroupStatistic,
  fitted: Fit | undefined,
  examined: ExaminedGroups,
  combination: RobustCombination,
): Estimate | Refusal {
  const { entries } = statistic;
  const opened = examined.scores.length;
  if (opened < 3 || entries.length < majorityOf(opened)) return 'few_groups';
  const n = entries.length;
  // Two groups left of three, the third being implausible: nothing to cut off any more.
  const trim = n < 3 ? 0 : trimOf(combination, n);
  const sound = entries.filter(({ position }) => !examined.judgements[position].flagged);
  if (n - sound.length > trim || !fitted) return 'spoiled_groups';
  const cost = trimmingCost(n, trim, n - sound.length);
  const deviation = Math.sqrt(sound.reduce((sum, entry) => sum + fitted.deviation(entry) ** 2, 0) / sound.length);
  const chance = deviation * studentFactor(fitted.degreesAlone) * Math.sqrt(cost.variance / sound.length);
  return {
    value: trimmedMean(
      entries.map(({ value }) => value),
      trim,
    ),
    standardError: Math.hypot(chance, cost.shift * deviation),
  };
}

const MEAN_FIELD = {
  success_rate: 'successes',
  avg_latency: 'latency',
  quality_score: 'quality',
  cost_efficiency: 'cost',
} as const;
type Mean = keyof typeof MEAN_FIELD;
const OPTIONAL = ['quality_score', 'cost_efficiency'] as const;

/** Logarithms and the like may differ in their last bit between engines; published figures must not. */
const published = (value: number): number => Number(value.toPrecision(12));

/**
 * Combines the plausible groups. Counts are robust counts per participant times the participants of these groups; means
 * are robust means over groups of the groups' own means. A key is withheld, or an optional mean of it, when fewer than
 * a majority of the opened groups have a usable count of it (`few_groups`), when more groups were found spoiled than
 * the combination withstands (`spoiled_groups`), and when its count rounds below 1 (`no_samples`).
 */
export function combineGroups(
  config: RoundConfig,
  examined: ExaminedGroups,
  combination: RobustCombination,
): CombinedGroups {
  const fits = fitAll(
    examined.statistics,
    examined.judgements.map(({ flagged }) => !flagged),
  );
  const participants = examined.plausible.reduce((sum, { size }) => sum + size, 0);
  const byKey = new Map<string, Map<Measure, number>>(config.layout.keys.map((key) => [key, new Map()]));
  examined.statistics.forEach(({ key, measure }, i) => byKey.get(key)?.set(measure, i));
  const hasField = new Set(config.layout.fields.map((field) => field.name));
  const keys = new Map<string, CombinedKey>();
  const withheld: Withheld[] = [];

  for (const [key, statistics] of byKey) {
    const of = (measure: Measure): Estimate | Refusal => {
      const i = statistics.get(measure);
      return i === undefined ? 'few_groups' : estimate(examined.statistics[i], fits[i], examined, combination);
    };
    const [perParticipant, success, latency] = [of('total_samples'), of('success_rate'), of('avg_latency')];
    if (typeof perParticipant === 'string' || typeof success === 'string' || typeof latency === 'string') {
      withheld.push({
        key,
        reason: [perParticipant, success, latency].find((part) => typeof part === 'string') as Refusal,
      });
      continue;
    }
    const samples = perParticipant.value * participants;
    if (Math.round(samples) < 1) {
      withheld.push({ key, reason: 'no_samples' });
      continue;
    }
    const combined = new KeyInProgress(config, samples, published(perParticipant.standardError * participants));
    combined.add('success_rate', success);
    combined.add('avg_latency', latency);
    for (const measure of OPTIONAL) {
      if (!hasField.has(MEAN_FIELD[measure])) continue;
      const part = of(measure);
      if (typeof part === 'string') withheld.push({ key, measure, reason: part });
      else combined.add(measure, part);
    }
    keys.set(key, combined.done());
  }
  return { keys, withheld };
}

class KeyInProgress {
  private readonly entry: RewardSignal;
  private readonly unclamped: RewardSignal;
  private readonly standardErrors: RewardSignal;
  private readonly clamped: Mean[] = [];

  constructor(
    private readonly config: RoundConfig,
    samples: number,
    standardError: number,
  ) {
    this.entry = { success_rate: 0, avg_latency: 0, total_samples: Math.round(samples) };
    this.unclamped = { success_rate: 0, avg_latency: 0, total_samples: samples };
    this.standardErrors = { success_rate: 0, avg_latency: 0, total_samples: standardError };
  }

  add(measure: Mean, { value, standardError }: Estimate): void {
    const field = this.config.layout.fields.find(({ name }) => name === MEAN_FIELD[measure]);
    const held = Math.min(Math.max(value, 0), field ? field.bound_units / field.scale : Infinity);
    if (held !== value) this.clamped.push(measure);
    this.entry[measure] = held;
    this.unclamped[measure] = value;
    this.standardErrors[measure] = published(standardError);
  }

  done(): CombinedKey {
    return {
      entry: this.entry,
      details: { standard_errors: this.standardErrors, unclamped: this.unclamped, clamped: this.clamped },
    };
  }
}
