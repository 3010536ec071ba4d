/** Moves rounds on: after every event, and as time passes (deadlines, graces, timeouts). */
import { type Part } from '@secagg/host';
import { answerTurn, type CoordinatorEvent, type RoundState, tickRound } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { messageOf } from '../error-message';
import { roundKeyOf } from '../event-codec';
import { type ContributionCache } from './contribution-cache';
import { isFinal } from './phases';

/** How often time is looked at while a round is live, in milliseconds. */
const TICK_MS = 50;
/** After contributions could not be read, until they are read again, in milliseconds. */
const READ_AGAIN_MS = 1000;

/** What the driver keeps of a round whose answers come in. */
interface Answering {
  turn: number;
  /** Present once the contributions that did not stay in are at hand: they are taken out of the running sum. */
  release?: () => void;
}

export class RoundDriver implements Part {
  readonly name = 'rounds';
  private timer: NodeJS.Timeout | undefined;
  private readonly answering = new Map<string, Answering>();
  private readonly failures = new Map<string, string>();
  /** Rounds with a step on its way to the journal, and whether they have to be looked at once more after it. */
  private readonly moving = new Map<string, { again: boolean }>();

  /**
   * @param contributions of rounds that this driver is to publish; undefined where publishing is a task of its own
   * (replicas/)
   * @param onFailure told once of each kind of failure of a round, though every tick meets it again
   */
  constructor(
    private readonly engine: Engine,
    private readonly contributions: ContributionCache | undefined,
    private readonly onFailure: (error: unknown, key: string) => void,
  ) {
    engine.journal.onEvent((event) => this.after(event));
  }

  start(): void {
    this.timer = setInterval(() => this.tickAll(), TICK_MS);
    this.tickAll();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private after(event: CoordinatorEvent): void {
    const key = roundKeyOf(event);
    if (key !== undefined) queueMicrotask(() => this.tick(key));
  }

  private tickAll(): void {
    for (const [key, round] of this.engine.journal.state.rounds) if (!isFinal(round.phase)) this.tick(key);
  }

  private tick(key: string): void {
    const round = this.engine.journal.state.rounds.get(key);
    if (!round || isFinal(round.phase)) return;
    try {
      if (round.phase === 'answering' && !this.readyToPublish(key, round)) return;
      this.move(key);
    } catch (error) {
      this.failed(key, error);
    }
    if (isFinal(round.phase)) {
      this.answering.get(key)?.release?.();
      this.answering.delete(key);
      this.failures.delete(key);
    }
  }

  private move(key: string): void {
    const under = this.moving.get(key);
    if (under) {
      under.again = true;
      return;
    }
    const { journal, intake, context, now } = this.engine;
    const step = { again: false };
    this.moving.set(key, step);
    journal
      .commitIfDue((state) => {
        const round = state.rounds.get(key);
        return {
          events: round ? tickRound(state, context, key, now(), intake.known(key, round)) : [],
          reply: undefined,
        };
      })
      .catch((error: unknown) => this.failed(key, error))
      .finally(() => {
        this.moving.delete(key);
        if (step.again) this.tick(key);
      });
  }

  private failed(key: string, error: unknown): void {
    // A database that is away is told of where it is used; the next tick tries again.
    if (error instanceof SecaggError && error.code === 'unavailable') return;
    const what = messageOf(error);
    if (this.failures.get(key) !== what) this.onFailure(error, key);
    this.failures.set(key, what);
  }

  private readyToPublish(key: string, round: RoundState): boolean {
    const turn = answerTurn(round, this.engine.context, this.engine.now());
    const entry = this.answering.get(key);
    if (!entry) {
      const fresh: Answering = { turn };
      this.answering.set(key, fresh);
      if (!this.contributions) {
        fresh.release = () => undefined;
        return true;
      }
      const leftOut = round.proposal?.set.excluded.map(({ router }) => router) ?? [];
      this.contributions.hold(key, leftOut).then(
        (release) => {
          fresh.release = release;
          this.tick(key);
        },
        (error: unknown) => {
          this.failed(key, error);
          setTimeout(() => this.answering.delete(key), READ_AGAIN_MS).unref();
        },
      );
      return false;
    }
    // Missing pieces go to the next holder when the grace has passed: members that wait for work must hear of it.
    if (entry.turn !== turn) {
      entry.turn = turn;
      this.engine.changes.notify();
    }
    return entry.release !== undefined;
  }
}
