/** Priors of all keys, some at a time: part of the work of the observation store, where own requests lie. */
import {
  type OwnBucket,
  type Prior,
  priorOf,
  type PriorOptions,
  type RoundEvidence,
  type SummedRound,
} from '@secagg/priors';
import { roundKey } from '@secagg/protocol';
import { signalKeySchema } from '@secagg/schema';
import { type Step } from '../observations/jobs';
import { type OwnRequests } from '../store/own-requests';
import { type KnownRound } from '../store/round-history';

export interface PriorsRequest {
  /** Newest first. */
  readonly rounds: readonly KnownRound[];
  readonly nowMs: number;
  readonly options: PriorOptions;
}

export interface CombinedPriors {
  readonly published: readonly Prior[];
  /** With the router's own requests. */
  readonly private: readonly Prior[];
  /** Own requests under keys that the newest catalogue lacks, and altogether. */
  readonly own: { readonly requests: number; readonly unlisted: number };
}

/** Keys of one step. */
const CHUNK = 10;

export function combining(
  own: OwnRequests,
  request: PriorsRequest,
  rename: (key: string) => string,
): Step<CombinedPriors> {
  const { rounds, nowMs, options } = request;
  const buckets = renamed(own.buckets(), rename);
  const withOwn = rounds.map((round) => less(round, own.partOf(roundKey(round.cluster, round.round))));
  const listed = new Set(rounds[0]?.layout.keys ?? []);
  const inRounds = new Set(rounds.flatMap(({ layout }) => layout.keys));
  const keys = [...new Set([...inRounds, ...buckets.keys()])].sort();
  const done = { published: [] as Prior[], private: [] as Prior[] };
  let at = 0;
  return () => {
    for (const key of keys.slice(at, at + CHUNK)) {
      const isListed = listed.has(key);
      if (inRounds.has(key)) done.published.push(priorOf(key, { rounds, nowMs, isListed }, options));
      done.private.push(priorOf(key, { rounds: withOwn, own: buckets.get(key) ?? [], nowMs, isListed }, options));
    }
    at += CHUNK;
    return at >= keys.length ? { done: { ...done, own: countsOf(buckets, listed) } } : undefined;
  };
}

/** The rounds without what is the router's own in them. */
function less(round: KnownRound, own: Float64Array | undefined): RoundEvidence {
  const { source, layout } = round;
  if (!own || own.length !== layout.keys.length * layout.fields.length) return round;
  return { ...round, source: source.kind === 'sums' ? { ...source, own } : { ...source, own: ownOf(layout, own) } };
}

const ownOf = (layout: SummedRound['layout'], vector: Float64Array) => ({ layout, vector });

function renamed(buckets: ReadonlyMap<string, OwnBucket[]>, rename: (key: string) => string): Map<string, OwnBucket[]> {
  const result = new Map<string, OwnBucket[]>();
  for (const [from, list] of buckets) {
    const key = rename(from);
    if (signalKeySchema.safeParse(key).success) result.set(key, [...(result.get(key) ?? []), ...list]);
  }
  return result;
}

function countsOf(
  buckets: ReadonlyMap<string, readonly OwnBucket[]>,
  listed: ReadonlySet<string>,
): CombinedPriors['own'] {
  const own = { requests: 0, unlisted: 0 };
  for (const [key, list] of buckets) {
    const count = list.reduce((sum, { statistics }) => sum + statistics.count, 0);
    own.requests += count;
    if (!listed.has(key)) own.unlisted += count;
  }
  return own;
}
