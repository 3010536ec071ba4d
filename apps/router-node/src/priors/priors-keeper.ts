/**
 * The priors that are given out, always ready: made anew after a round, after own requests, and as they age. What reads
 * them changes neither when that happens nor anything else. They are made in the thread of the observation store, and
 * come from there a few at a time: this thread polls and sends, and what it does for them must not be seen in when it
 * does that.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { pause } from '@secagg/client';
import { expiryOf, type Prior, type PriorIndex, priorOptionsSchema, type PriorsPack } from '@secagg/priors';
import { joinKey } from '@secagg/schema';
import { type Logger } from 'pino';
import { type ObservationStore } from '../observations/observation-store';
import { type KnownRound, type RoundHistory } from '../store/round-history';
import { type PriorsPart } from './prior-maker';
import { problemsOf } from './problems';
import { Collected, type Served } from './served';

/** Own requests come all the time: they are taken up this often. */
const SETTLE_MS = 2_000;
/** Evidence ages. */
const AGE_MS = 300_000;
const RETRY_MS = 5_000;
const HOUR_MS = 3_600_000;

export interface CurrentPriors {
  readonly published: Served;
  readonly private: Served;
  /** The private ones. */
  readonly index: PriorIndex;
}

export interface KeeperOptions {
  readonly cluster: string;
  readonly halfLifeHours: number;
  readonly ageLimitHours: number;
  readonly minMass: number;
}

type Store = Pick<ObservationStore, 'priors' | 'learnRounds'>;

export class PriorsKeeper {
  current: CurrentPriors | undefined;
  private version = 0;
  private waiting = new Set<() => void>();
  private wake: (() => void) | undefined;
  private isDue = true;
  private readonly options;

  /** @param fleet undefined before the fleet documents are known */
  constructor(
    private readonly rounds: Pick<RoundHistory, 'list' | 'get'>,
    private readonly observations: Store,
    private readonly fleet: () => string | undefined,
    private readonly now: () => number,
    private readonly log: Logger,
    private readonly of: KeeperOptions,
  ) {
    this.options = priorOptionsSchema.parse({
      half_life_hours: of.halfLifeHours,
      age_limit_hours: of.ageLimitHours,
      min_mass: of.minMass,
    });
  }

  /** A round that has just been kept. */
  learn(round: KnownRound): void {
    // When the thread has gone, the node ends.
    void this.observations
      .learnRounds({ added: [round], kept: this.rounds.list(this.of.cluster) })
      .catch(() => undefined);
    this.changed();
  }

  /** Rounds or own requests are others than before. */
  changed(): void {
    this.isDue = true;
    this.wake?.();
  }

  /** Resolves when priors have been made anew, after `ms`, or when the signal aborts. */
  next(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      this.waiting.add(done);
    });
  }

  /** Runs until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    for (let isReady = false; !signal.aborted; ) {
      try {
        if (!isReady) await this.hand();
        isReady = true;
        this.isDue = false;
        const beganMs = performance.now();
        await this.refresh();
        // A large catalogue must not keep the thread of the store busy.
        await this.untilDue(Math.max(SETTLE_MS, 10 * (performance.now() - beganMs)), signal);
      } catch (error) {
        if (signal.aborted) return;
        this.log.error({ error }, 'priors could not be made: tried again, the last ones stay');
        await pause(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  /** Rounds of before the start, one at a time. */
  private async hand(): Promise<void> {
    for (const number of this.rounds.list(this.of.cluster)) {
      const round = this.rounds.get(this.of.cluster, number);
      if (round) await this.observations.learnRounds({ added: [round], kept: this.rounds.list(this.of.cluster) });
    }
  }

  private async untilDue(leastMs: number, signal: AbortSignal): Promise<void> {
    await pause(leastMs, signal).catch(() => undefined);
    if (this.isDue || signal.aborted) return;
    const stop = new AbortController();
    this.wake = () => stop.abort();
    await pause(AGE_MS, AbortSignal.any([signal, stop.signal])).catch(() => undefined);
    this.wake = undefined;
  }

  private async refresh(): Promise<void> {
    const nowMs = this.now();
    const published = new Collected();
    const own = new Collected();
    const index = new Map<string, Prior>();
    let part: PriorsPart = await this.observations.priors({ nowMs, options: this.options });
    for (;;) {
      published.add(part.published);
      own.add(part.private);
      for (const prior of part.private) index.set(joinKey(prior.model, prior.task), prior);
      if (part.end) break;
      await turn();
      part = await this.observations.priors();
    }
    this.version += 1;
    const serve = (kind: PriorsPack['kind'], collected: Collected, end: NonNullable<PriorsPart['end']>): Served =>
      collected.served(this.about(kind, end, nowMs), `"${kind}-${nowMs.toString(36)}-${this.version}"`);
    this.current = {
      published: serve('published', published, part.end),
      private: serve('private', own, part.end),
      index,
    };
    const woken = this.waiting;
    this.waiting = new Set();
    for (const each of woken) each();
  }

  private about(
    kind: PriorsPack['kind'],
    { own, rounds }: NonNullable<PriorsPart['end']>,
    nowMs: number,
  ): Omit<PriorsPack, 'priors'> {
    const ageLimitMs = this.options.age_limit_hours * HOUR_MS;
    const newestRound = rounds.find((round) => round.of_use)?.time;
    const newestMs =
      kind === 'private' && own.requests > 0 ? nowMs : newestRound === undefined ? undefined : Date.parse(newestRound);
    return {
      schema_version: 1,
      kind,
      fleet: this.fleet() ?? null,
      cluster: this.of.cluster,
      made_at: new Date(nowMs).toISOString(),
      expires_at: newestMs === undefined ? null : expiryOf(newestMs, this.options),
      options: this.options,
      problems: problemsOf(kind === 'private' ? own : undefined, rounds, nowMs - ageLimitMs),
      rounds: [...rounds],
    };
  }
}
