/**
 * Writes that come in together share one transaction and so one fsync: what is queued while the event loop is busy is
 * carried out at its next turn, in order.
 *
 * A database that another process has locked is waited for. A group that fails otherwise is tried once more write by
 * write, so that one does not fail for another. When an essential write fails, so does the queue for good: memory is
 * ahead of the disk then, and the process must not go on (see journaled-state.ts).
 */
import { exitCodes, faultOf } from '@secagg/host';
import { SecaggError } from '@secagg/schema';

export interface Write {
  /** Names for failpoints. */
  readonly names: readonly string[];
  /** Memory holds already what it writes. */
  readonly isEssential: boolean;
  run(): void;
}

export interface Transaction {
  begin(): void;
  commit(): void;
  rollback(): void;
}

interface Queued {
  readonly write: Write;
  resolve(): void;
  reject(error: unknown): void;
}

/** How often a locked database is tried again, in milliseconds. */
const LOCKED_RETRY_MS = 25;
/** How long inessential writes wait for it, in milliseconds. */
const PATIENCE_MS = 5000;

export class GroupCommit {
  private queue: Queued[] = [];
  private scheduled = false;
  private failure: Error | undefined;
  private lockedSinceMs: number | undefined;
  private retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly transaction: Transaction,
    private readonly failpoint: (name: string) => void,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /** Another process keeps writes waiting. */
  get isLocked(): boolean {
    return this.lockedSinceMs !== undefined;
  }

  /** Another process keeps writes waiting for so long that more of them would only pile up. */
  get isLockedOut(): boolean {
    return this.lockedSinceMs !== undefined && performance.now() - this.lockedSinceMs > this.patienceMs;
  }

  add(write: Write): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.queue.push({ write, resolve, reject });
      if (this.scheduled) return;
      this.scheduled = true;
      setImmediate(() => this.flush());
    });
  }

  /** Carries out what is queued now; while the database is locked, that is left for later. */
  flush(): void {
    this.scheduled = false;
    const group = this.queue;
    this.queue = [];
    if (group.length === 0) return;
    try {
      this.carryOut(group);
    } catch (error) {
      if (isLocked(error)) this.waitForLock(group);
      else if (group.length === 1) this.fail(group, error);
      else for (const each of group) this.alone(each);
    }
  }

  /** Carries out what is queued; what cannot be is refused. */
  close(): void {
    this.flush();
    clearTimeout(this.retry);
    const left = this.queue;
    this.queue = [];
    if (left.length > 0) this.fail(left, lockedOut());
  }

  private alone(each: Queued): void {
    if (this.failure !== undefined) return each.reject(this.failure);
    try {
      this.carryOut([each]);
    } catch (error) {
      this.fail([each], error);
    }
  }

  private waitForLock(group: Queued[]): void {
    this.lockedSinceMs ??= performance.now();
    const waiting = this.isLockedOut ? group.filter(({ write }) => write.isEssential) : group;
    for (const { write, reject } of group) if (!waiting.some((each) => each.write === write)) reject(lockedOut());
    this.queue = [...waiting, ...this.queue];
    this.scheduled = true;
    this.retry = setTimeout(() => this.flush(), LOCKED_RETRY_MS);
  }

  private fail(group: readonly Queued[], error: unknown): void {
    if (group.some(({ write }) => write.isEssential))
      this.failure = error instanceof Error ? error : new Error(String(error));
    for (const { reject } of group) reject(error);
  }

  private carryOut(group: readonly Queued[]): void {
    const writes = group.map(({ write }) => write);
    this.at('before-durable', writes);
    this.transaction.begin();
    this.lockedSinceMs = undefined;
    try {
      for (const write of writes) {
        write.run();
        this.at('in-durable', [write]);
      }
      this.transaction.commit();
    } catch (error) {
      this.transaction.rollback();
      throw error;
    }
    this.at('after-durable', writes);
    for (const { resolve } of group) resolve();
  }

  private at(moment: string, writes: readonly Write[]): void {
    for (const { names } of writes) for (const name of names) this.failpoint(`${moment}:${name}`);
  }
}

export const lockedOut = (): SecaggError => new SecaggError('unavailable', 'another process has locked the database');

const isLocked = (error: unknown): boolean => faultOf(error).exitCode === exitCodes.inUse;
