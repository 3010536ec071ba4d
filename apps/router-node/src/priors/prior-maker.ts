/**
 * Where priors are made: in the thread of the observation store, where own requests lie, some keys at a time. It holds
 * the rounds that count; what others ask in the meantime is done between two parts.
 */
import { type RoundHistoryPage } from '@secagg/client';
import { type Prior, priorOf, type PriorOptions, type RoundEvidence, type RoundSource } from '@secagg/priors';
import { roundKey } from '@secagg/protocol';
import { signalKeySchema } from '@secagg/schema';
import { type OwnRequests } from '../store/own-requests';
import { type KnownRound } from '../store/round-history';
import { cellShown } from './cell-shown';

/** Rounds that are new, and the numbers of all that are kept. */
export interface RoundsChange {
  readonly added: readonly KnownRound[];
  readonly kept: readonly number[];
}

export interface PriorsRequest {
  readonly nowMs: number;
  readonly options: PriorOptions;
}

/** Own requests under keys that the newest catalogue lacks, and altogether. */
export interface OwnCounts {
  readonly requests: number;
  readonly unlisted: number;
}

export interface PriorsPart {
  readonly published: readonly Prior[];
  /** With the router's own requests. */
  readonly private: readonly Prior[];
  /** Once that was the last part. */
  readonly end?: { readonly own: OwnCounts; readonly rounds: readonly RoundSource[] };
}

export interface HistoryRequest {
  readonly key: string;
  readonly limit: number;
}

/** Keys of one part. */
const KEYS_OF_A_PART = 5;

export class PriorMaker {
  /** Newest first. */
  private rounds: readonly KnownRound[] = [];
  private making: Iterator<PriorsPart, PriorsPart> | undefined;

  constructor(private readonly own: OwnRequests) {}

  learn({ added, kept }: RoundsChange): void {
    const wanted = new Set(kept);
    const known = new Map([...this.rounds, ...added].map((round) => [round.round, round]));
    this.rounds = sharingKeys(
      [...known.values()]
        .filter(({ round }) => wanted.has(round))
        .sort((a, b) => b.timeMs - a.timeMs || b.round - a.round),
    );
  }

  /** The first of all priors, in place of what was begun before; without a request the next of them. */
  part(request?: PriorsRequest): PriorsPart {
    if (request) this.making = this.parts(request);
    if (!this.making) throw new Error('no priors have been begun');
    const { value, done } = this.making.next();
    if (done) this.making = undefined;
    return value;
  }

  history({ key, limit }: HistoryRequest): RoundHistoryPage['rounds'] {
    return this.rounds.slice(0, limit).map((round) => ({ ...sourceOf(round), ...cellShown(round, key) }));
  }

  private *parts({ nowMs, options }: PriorsRequest): Generator<PriorsPart, PriorsPart> {
    const { rounds } = this;
    const withOwn = rounds.map((round) => this.withoutOwn(round));
    const listed = new Set(rounds[0]?.layout.keys ?? []);
    const inRounds = new Set(rounds.flatMap(({ layout }) => layout.keys));
    const ownKeys = this.own.keys().filter((key) => signalKeySchema.safeParse(key).success);
    const keys = [...new Set([...inRounds, ...ownKeys])].sort();
    const counts = { requests: 0, unlisted: 0 };
    const part = (some: readonly string[]): PriorsPart => {
      const made = { published: [] as Prior[], private: [] as Prior[] };
      for (const key of some) {
        const isListed = listed.has(key);
        const own = this.own.bucketsOf(key);
        const requests = own.reduce((sum, { statistics }) => sum + statistics.count, 0);
        counts.requests += requests;
        if (!isListed) counts.unlisted += requests;
        if (inRounds.has(key)) made.published.push(priorOf(key, { rounds, nowMs, isListed }, options));
        made.private.push(priorOf(key, { rounds: withOwn, own, nowMs, isListed }, options));
      }
      return made;
    };
    let at = 0;
    for (; at + KEYS_OF_A_PART < keys.length; at += KEYS_OF_A_PART) yield part(keys.slice(at, at + KEYS_OF_A_PART));
    return { ...part(keys.slice(at)), end: { own: counts, rounds: rounds.map(sourceOf) } };
  }

  /** The round without what is the router's own in it. */
  private withoutOwn(round: KnownRound): RoundEvidence {
    const { source, layout } = round;
    const vector = round.isOurs ? this.own.partOf(roundKey(round.cluster, round.round)) : undefined;
    if (!vector || vector.length !== layout.keys.length * layout.fields.length) return round;
    const own = source.kind === 'sums' ? { ...source, own: vector } : { ...source, own: { layout, vector } };
    return { ...round, source: own };
  }
}

/** Most rounds have the catalogue of the round before: it is held once. */
function sharingKeys(rounds: readonly KnownRound[]): KnownRound[] {
  const shared: KnownRound[] = [];
  for (const round of rounds) {
    const before = shared.at(-1)?.layout.keys;
    const { keys } = round.layout;
    const isSame = before?.length === keys.length && keys.every((key, i) => key === before[i]);
    shared.push(isSame && before !== keys ? sharing(round, before) : round);
  }
  return shared;
}

function sharing(round: KnownRound, keys: readonly string[]): KnownRound {
  const layout = { ...round.layout, keys: keys as string[] };
  return { ...round, layout, source: round.source.kind === 'sums' ? { ...round.source, layout } : round.source };
}

const sourceOf = ({ round, timeMs, participants, epsilon, isOfUse }: KnownRound): RoundSource => ({
  round,
  time: new Date(timeMs).toISOString(),
  participants,
  epsilon: epsilon ?? null,
  of_use: isOfUse,
});
