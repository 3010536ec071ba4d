/**
 * What the rounds of each cluster have come to, as far as it tells whether the next one is worth it
 * (docs/operations.md, "Rounds that are put off"). It follows from events, and outlives the rounds: those leave memory
 * soon after they are over.
 */
import { WordSum } from '@secagg/crypto';
import { DEFAULT_WITHHOLD_BELOW } from '@secagg/schema';
import { implausibility } from '../robust/plausibility';
import { noiseVariance } from '../round/privacy';
import { type CoordinatorState, type RoundState } from './state';

/** Why a round gave nothing: too few routers took part, its decision failed, or every key of its result is withheld. */
export type Fruitless = 'too_few_routers' | 'no_decision' | 'all_withheld';

export interface PastRounds {
  /** The highest round that was announced, and when. */
  readonly announced: number;
  readonly announcedAtMs: number;
  /** The highest round that is over. */
  readonly ended: number;
  /** Rounds in a row up to that one that gave nothing, and why the last of them did. */
  readonly fruitless: number;
  readonly why?: Fruitless;
}

export const pastRounds = ({ pastRounds: all }: CoordinatorState, cluster: string): PastRounds =>
  all.get(cluster) ?? { announced: 0, announcedAtMs: 0, ended: 0, fruitless: 0 };

/** Events may be applied again on top of a snapshot that has seen them: a round counts once. */
export function noteAnnounced(state: CoordinatorState, { verified: { config } }: Pick<RoundState, 'verified'>): void {
  const before = pastRounds(state, config.cluster);
  if (config.round <= before.announced) return;
  state.pastRounds.set(config.cluster, { ...before, announced: config.round, announcedAtMs: config.round_time_ms });
}

/** To be called after an event of a round. */
export function noteOutcome(state: CoordinatorState, round: RoundState): void {
  const { cluster, round: number } = round.verified.config;
  const before = pastRounds(state, cluster);
  if (number < before.ended || !isOver(round)) return;
  const why = fruitlessOf(round);
  // A round that was given up may still be decided, and then be of use.
  if (number === before.ended && (why !== undefined || before.why === undefined)) return;
  const { why: _, ...others } = before;
  const fruitless = why === undefined ? 0 : before.fruitless + 1;
  state.pastRounds.set(cluster, { ...others, ended: number, fruitless, ...(why === undefined ? {} : { why }) });
}

/** An abort because the coordinator was restored says nothing of the next round. */
const isOver = ({ phase, abortReason }: RoundState): boolean =>
  phase === 'published' || phase === 'undecided' || (phase === 'aborted' && abortReason !== 'coordinator_restored');

function fruitlessOf(round: RoundState): Fruitless | undefined {
  if (round.phase === 'published') return isAllWithheld(round) ? 'all_withheld' : undefined;
  return round.phase === 'aborted' && round.abortReason === 'insufficient_participants'
    ? 'too_few_routers'
    : 'no_decision';
}

/**
 * Whether all counts of requests, over all groups together, are too small beside their noise to be published. Robust
 * combinations publish without the groups that are implausible, so these do not count.
 */
function isAllWithheld({ verified: { config, dimension }, result = [], proposal }: RoundState): boolean {
  const { keys, fields, word_bits } = config.layout;
  const samples = fields.findIndex(({ name }) => name === 'samples');
  const counts = new Float64Array(keys.length);
  const isRobust = config.combination !== 'sum';
  const sizes = new Map(proposal?.set.groups.map(({ group, members }) => [group, members.length]));
  let routers = 0;
  for (const { group, words } of result) {
    const size = sizes.get(group) ?? 0;
    const sum = new WordSum(dimension, word_bits);
    sum.addPacked(words);
    const values = sum.toSigned();
    if (isRobust && implausibility(config, { group, size, values })) continue;
    routers += size;
    for (let k = 0; k < keys.length; k++) counts[k] += values[k * fields.length + samples];
  }
  const threshold = DEFAULT_WITHHOLD_BELOW * Math.sqrt(noiseVariance(config, routers));
  const { scale } = fields[samples];
  return counts.every((count) => Math.round(count / scale) < 1 || count < threshold);
}
