import { type Journal } from './journal';

/** Wakes long polls when something has changed; what it was, they look up themselves. */
export class Changes {
  private waiting = new Set<() => void>();

  notify(): void {
    const woken = this.waiting;
    this.waiting = new Set();
    for (const wake of woken) wake();
  }

  /** Resolves at the next change, after `ms`, or when `signal` aborts. */
  next(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
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
}

/** Every event wakes, but not contributions: nobody waits for one, and a busy round has hundreds a second. */
export function wakeOnEvents(changes: Changes, journal: Pick<Journal, 'onEvent'>): void {
  journal.onEvent(({ type }) => {
    if (type !== 'contribution-accepted') changes.notify();
  });
}

/**
 * A long poll: what `look` finds, as soon as it finds something. Undefined when the wait is over or the caller has
 * gone.
 * @param waitMs 0 looks once
 */
export async function poll<T>(
  changes: Changes,
  waitMs: number,
  signal: AbortSignal,
  look: () => T | undefined,
): Promise<T | undefined> {
  const until = performance.now() + waitMs;
  for (;;) {
    const found = look();
    const left = until - performance.now();
    if (found !== undefined || left <= 0 || signal.aborted) return found;
    await changes.next(left, signal);
  }
}
