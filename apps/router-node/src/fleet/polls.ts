/**
 * Whether the coordinator is in contact, as readiness sees it (docs/operations.md, Readiness). One failed poll says
 * nothing: a poll counts as failed after so many attempts in a row over so long a time. One that has never succeeded
 * since the start counts at once, and one success ends it.
 */
import { type NotReady, type SecaggError } from '@secagg/schema';
import { type ContactReason, contactProblem, notAnswered } from './contact-reason';

/** What a node asks for again and again: the documents until it has them, rounds, and work of the committee. */
export type Poll = 'documents' | 'rounds' | 'work';

const ATTEMPTS = 3;

interface Failing {
  readonly sinceMs: number;
  readonly attempts: number;
  readonly problem: NotReady<ContactReason>;
}

export class Polls {
  private readonly failing = new Map<Poll, Failing>();
  private readonly succeededOnce = new Set<Poll>();

  /**
   * @param forMs how long a poll has to fail
   * @param monotonicMs time of the process, which no clock that is set changes
   */
  constructor(
    private readonly forMs: number,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  succeeded(poll: Poll): void {
    this.succeededOnce.add(poll);
    this.failing.delete(poll);
  }

  failed(poll: Poll, error: SecaggError): void {
    const { sinceMs = this.monotonicMs(), attempts = 0 } = this.failing.get(poll) ?? {};
    this.failing.set(poll, { sinceMs, attempts: attempts + 1, problem: contactProblem(error) });
  }

  /** A poll that is not made any more, since the roster gives this node no such role. */
  ended(poll: Poll): void {
    this.failing.delete(poll);
  }

  problems(): NotReady<ContactReason>[] {
    const bad = [...this.failing].filter(
      ([poll, { attempts, sinceMs }]) =>
        !this.succeededOnce.has(poll) || (attempts >= ATTEMPTS && this.monotonicMs() - sinceMs >= this.forMs),
    );
    if (bad.length === 0 && this.succeededOnce.size === 0) return [notAnswered()];
    const byReason = new Map(bad.map(([, { problem }]) => [problem.reason, problem]));
    return [...byReason.values()];
  }
}
