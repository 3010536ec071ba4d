/**
 * The priors that are given out, always ready: made anew after a round, after own requests, and as they age. What reads them changes neither when
 * that happens nor anything else; the combining is done by the observation store, in its own thread.
 */
import { pause } from '@secagg/client';
import {
  indexPriors,
  type PriorIndex,
  priorOptionsSchema,
  type PriorProblem,
  type PriorsPack,
  type RoundSource,
} from '@secagg/priors';
import { type Logger } from 'pino';
import { type ObservationStore } from '../observations/observation-store';
import { type KnownRound, type RoundHistory } from '../store/round-history';
import { type CombinedPriors } from './combine-all';

/** Own requests come all the time: they are taken up this often. */
const SETTLE_MS = 2_000;
/** Evidence ages. */
const AGE_MS = 300_000;
const RETRY_MS = 5_000;
const HOUR_MS = 3_600_000;

export interface Served {
  readonly pack: PriorsPack;
  readonly json: string;
  /** Of the whole pack, as HTTP has it. */
  readonly etag: string;
}

export interface CurrentPriors {
  readonly published: Served;
  readonly private: Served;
  readonly index: PriorIndex;
}

export interface KeeperOptions {
  readonly cluster: string;
  readonly halfLifeHours: number;
  readonly ageLimitHours: number;
  readonly minMass: number;
}

export class PriorsKeeper {
  current: CurrentPriors | undefined;
  /** Newest first. */
  rounds: readonly KnownRound[];
  private version = 0;
  private waiting = new Set<() => void>();
  private wake: (() => void) | undefined;
  private isDue = true;
  private readonly options;

  /** @param fleet undefined before the fleet documents are known */
  constructor(
    private readonly history: Pick<RoundHistory, 'list'>,
    private readonly observations: Pick<ObservationStore, 'priors'>,
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
    this.rounds = history.list(of.cluster);
  }

  roundsChanged(): void {
    this.rounds = this.history.list(this.of.cluster);
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
    while (!signal.aborted) {
      try {
        this.isDue = false;
        const beganMs = performance.now();
        await this.refresh();
        // A large catalogue must not keep the thread of the store busy.
        await this.untilDue(Math.max(SETTLE_MS, 10 * (performance.now() - beganMs)), signal);
      } catch (error) {
        if (signal.aborted) return;
        this.log.error({ err: error }, 'priors could not be made: tried again, the last ones stay');
        await pause(RETRY_MS, signal).catch(() => undefined);
      }
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
    const { rounds } = this;
    const combined = await this.observations.priors({ rounds, nowMs, options: this.options });
    this.version += 1;
    this.current = {
      published: this.serve('published', combined, rounds, nowMs),
      private: this.serve('private', combined, rounds, nowMs),
      index: indexPriors(combined.private),
    };
    const woken = this.waiting;
    this.waiting = new Set();
    for (const each of woken) each();
  }

  private serve(
    kind: PriorsPack['kind'],
    combined: CombinedPriors,
    rounds: readonly KnownRound[],
    nowMs: number,
  ): Served {
    const priors = [...combined[kind]];
    const newest =
      rounds.find(({ isOfUse }) => isOfUse)?.timeMs ??
      (kind === 'private' && combined.own.requests > 0 ? nowMs : undefined);
    const pack: PriorsPack = {
      schema_version: 1,
      kind,
      fleet: this.fleet() ?? null,
      cluster: this.of.cluster,
      made_at: new Date(nowMs).toISOString(),
      expires_at: newest === undefined ? null : new Date(newest + this.options.age_limit_hours * HOUR_MS).toISOString(),
      options: this.options,
      problems: problemsOf(combined, rounds, nowMs - this.options.age_limit_hours * HOUR_MS),
      rounds: rounds.map(sourceOf),
      priors,
    };
    return { pack, json: JSON.stringify(pack), etag: `"${kind}-${nowMs.toString(36)}-${this.version}"` };
  }
}

export const sourceOf = ({ round, timeMs, participants, epsilon, isOfUse }: KnownRound): RoundSource => ({
  round,
  time: new Date(timeMs).toISOString(),
  participants,
  epsilon: epsilon ?? null,
  of_use: isOfUse,
});

function problemsOf({ own }: CombinedPriors, rounds: readonly KnownRound[], limitMs: number): PriorProblem[] {
  const [latest] = rounds;
  const usable = rounds.find(({ isOfUse }) => isOfUse);
  const problems: PriorProblem[] = [];
  const add = (code: PriorProblem['code'], detail: string): number => problems.push({ code, detail });
  if (!latest) add('no_round', 'no round has been verified yet: only own requests count');
  else if (!usable)
    add('no_usable_round', 'every round so far was withheld key by key: what they say together is little');
  else if (!latest.isOfUse)
    add(
      'latest_round_empty',
      `everything in round ${latest.round} is withheld: round ${usable.round} is the newest of use`,
    );
  if (usable && usable.timeMs < limitMs)
    add('rounds_too_old', `round ${usable.round}, the newest of use, is past the age limit: its weight is low`);
  if (own.requests === 0) add('no_own_requests', 'this router has reported no requests of late');
  if (own.unlisted > 0 && latest)
    add(
      'own_names_unlisted',
      own.unlisted === own.requests
        ? 'the catalogue has none of the names that this router reports: see GET /v1/names'
        : 'the catalogue lacks some of the names that this router reports: see GET /v1/names',
    );
  return problems;
}
