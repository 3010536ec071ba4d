/**
 * From the opened sums of a round to the signal that routers use (docs/protocol.md, "The signal" and "Privacy cost and
 * ledger").
 */
import { type DecodedSums, decodeSums } from '@secagg/schema';
import { type RobustCombination } from '../robust/combine';
import { type ImplausibleGroup } from '../robust/plausibility';
import { noiseVariance, type RoundPrivacyCost, withNoise } from '../round/privacy';
import { implausibleGroups, type RobustReport, robustResult } from './robust-result';
import { type OpenedRound } from './audited-round';

export interface AggregateResult extends DecodedSums {
  readonly privacy: RoundPrivacyCost;
  readonly participants: readonly string[];
  /** Which groups are in it, and how each of them looks; absent for a sum. */
  readonly robust?: RobustReport;
  /**
   * Groups whose sums no honest routers can have sent, where nothing can be published because of them; then every key
   * is withheld.
   */
  readonly implausible?: readonly ImplausibleGroup[];
}

/**
 * The result of all opened groups, combined as announced. `participant_count` is the number of contributions in the
 * groups that are in it (of all opened ones when none is); `privacy_budget_used` is the round's epsilon at its delta,
 * which groups being disjoint does not depend on how they are combined; `noise_scale` the standard deviation of the
 * noise on a sample count in their sum; both are absent without noise, when nothing is claimed.
 */
export function aggregateResult(audited: OpenedRound): AggregateResult {
  const { combination } = audited.round.config;
  return combination === 'sum' ? plainSum(audited) : robust(audited, combination);
}

function plainSum(audited: OpenedRound): AggregateResult {
  const { config, dimension } = audited.round;
  const implausible = implausibleGroups(audited);
  // Sums of plausible groups add up to less than a word holds; those of others may not even be exact integers here.
  if (implausible.length > 0) return nothingPublished(audited, implausible);
  const total = new Float64Array(dimension);
  for (const { values } of audited.sums) for (let i = 0; i < total.length; i++) total[i] += values[i];
  const participants = routersOf(audited);
  const decoded = decodeSums(config.layout, total, {
    noiseVariance: noiseVariance(config, participants.length),
    header: headerOf(audited, participants.length),
  });
  return { ...decoded, privacy: audited.cost, participants };
}

function nothingPublished(audited: OpenedRound, implausible: readonly ImplausibleGroup[]): AggregateResult {
  const participants = routersOf(audited);
  return {
    signal: { schema_version: 1, ...headerOf(audited, participants.length), reward_signals: {} },
    details: {},
    withheld: audited.round.config.layout.keys.map((key) => ({ key, reason: 'implausible' as const })),
    privacy: audited.cost,
    participants,
    implausible,
  };
}

function robust(audited: OpenedRound, combination: RobustCombination): AggregateResult {
  const { keys, withheld, report, implausible } = robustResult(audited, combination);
  const participants = routersOf(audited, new Set(report.combined_groups));
  const header = headerOf(audited, participants.length || routersOf(audited).length);
  const entries = [...keys];
  return {
    signal: {
      schema_version: 1,
      ...header,
      reward_signals: Object.fromEntries(entries.map(([key, { entry }]) => [key, entry])),
    },
    details: Object.fromEntries(entries.map(([key, { details }]) => [key, details])),
    withheld,
    privacy: audited.cost,
    participants,
    robust: report,
    ...(implausible.length > 0 ? { implausible } : {}),
  };
}

/** Ids of the routers of all opened groups, or of some, in increasing order. */
const routersOf = ({ set }: OpenedRound, groups?: ReadonlySet<number>): string[] =>
  set.groups
    .filter(({ group }) => groups?.has(group) ?? true)
    .flatMap(({ members }) => members.map((entry) => entry.header.router as string))
    .sort();

function headerOf({ round: { config }, cost }: OpenedRound, participants: number) {
  const samplesScale = config.layout.fields.find((field) => field.name === 'samples')?.scale as number;
  return {
    aggregation_round: config.round,
    cluster_hash: config.cluster,
    participant_count: participants,
    timestamp: new Date(config.deadline_ms).toISOString(),
    ...(withNoise(config)
      ? {
          privacy_budget_used: cost.epsilon,
          noise_scale: Math.sqrt(noiseVariance(config, participants)) / samplesScale,
        }
      : {}),
  };
}
