/** Whether the coordinator answers: for the operator, and for how long to wait before the next attempt. */
import { backoffDelay, pause, waitAfter } from '@secagg/client';
import { type ProblemCode, SecaggError } from '@secagg/schema';
import { type Poll, Polls } from './polls';

const TRANSIENT: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'unavailable',
  'overloaded',
  'too_slow',
  'internal',
  'stale_documents',
]);

/** A clock that is set back must not make a node wait for good. */
const MOST_ASKED_MS = 121_000;
/** A poll that fails for so many of the longest pauses between attempts counts as failed. */
const PAUSES_UNTIL_FAILED = 3;

/**
 * Worth another attempt later: the coordinator was not reached, or has trouble of its own; or this node waits for newer
 * documents.
 */
export const isTransient = (error: unknown): boolean => error instanceof SecaggError && TRANSIENT.has(error.code);

export class CoordinatorContact {
  reachable = false;
  lastContactMs: number | undefined;
  lastProblem: string | undefined;
  readonly polls: Polls;
  /** Until when the coordinator has asked to be left alone. */
  private notBeforeMs = 0;

  constructor(
    private readonly now: () => number,
    private readonly retryMaxMs: number,
  ) {
    this.polls = new Polls(PAUSES_UNTIL_FAILED * retryMaxMs);
  }

  /** The same as {@link track}, for what is asked for again and again: readiness goes by it. */
  async poll<T>(name: Poll, call: Promise<T>): Promise<T> {
    try {
      const result = await this.track(call);
      this.polls.succeeded(name);
      return result;
    } catch (error) {
      if (error instanceof SecaggError) this.polls.failed(name, error);
      throw error;
    }
  }

  /** Notes the outcome of a call: any answer of the coordinator is contact, also a refusal. */
  async track<T>(call: Promise<T>): Promise<T> {
    try {
      const result = await call;
      this.answered();
      this.lastProblem = undefined;
      return result;
    } catch (error) {
      if (error instanceof SecaggError) {
        if (error.details.unreachable === true) this.reachable = false;
        else this.answered();
        this.lastProblem = `${error.code}: ${error.message}`;
        this.notBeforeMs = Math.max(this.notBeforeMs, this.now() + waitAfter(error, 0, Math.random()));
      }
      throw error;
    }
  }

  /**
   * Waits before attempt `attempt`, from 1; longer each time, and as long as the coordinator has asked for.
   * @param beforeMs by when the attempt is of use: where the coordinator asks for more, it is made at some time in the
   * second half until then
   */
  backOff(attempt: number, signal: AbortSignal, beforeMs = Infinity): Promise<void> {
    const nowMs = this.now();
    const ownMs = backoffDelay({ firstMs: 100, mostMs: this.retryMaxMs }, attempt, Math.random());
    return pause(
      waitBefore(ownMs, Math.min(MOST_ASKED_MS, this.notBeforeMs - nowMs), beforeMs - nowMs, Math.random()),
      signal,
    );
  }

  private answered(): void {
    this.reachable = true;
    this.lastContactMs = this.now();
  }
}

/** @param uniform in [0, 1). All times in milliseconds from now */
export function waitBefore(ownMs: number, askedMs: number, leftMs: number, uniform: number): number {
  const inTime = leftMs > 0 && askedMs > leftMs ? leftMs * (0.5 + uniform / 2) : askedMs;
  return Math.max(ownMs, inTime);
}
