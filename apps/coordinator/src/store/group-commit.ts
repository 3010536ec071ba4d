/**
 * Writes that come in together share one transaction and so one fsync: what is queued while the event loop is busy is
 * carried out at its next turn, in order. A write that fails fails all of its group, and the queue for good: memory may be ahead
 * of the disk then, and the process must not go on (see journaled-state.ts).
 */
export interface Write {
  /** Name for failpoints. */
  readonly names: readonly string[];
  run(): void;
}

export interface Transaction {
  begin(): void;
  commit(): void;
  rollback(): void;
}

export class GroupCommit {
  private queue: { write: Write; resolve: () => void; reject: (error: unknown) => void }[] = [];
  private scheduled = false;
  private failure: unknown;

  constructor(
    private readonly transaction: Transaction,
    private readonly failpoint: (name: string) => void,
  ) {}

  add(write: Write): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.queue.push({ write, resolve, reject });
      if (this.scheduled) return;
      this.scheduled = true;
      setImmediate(() => this.flush());
    });
  }

  /** Carries out what is queued now. */
  flush(): void {
    this.scheduled = false;
    const group = this.queue;
    this.queue = [];
    if (group.length === 0) return;
    try {
      this.at(
        'before-durable',
        group.map(({ write }) => write),
      );
      this.transaction.begin();
      try {
        for (const { write } of group) {
          write.run();
          this.at('in-durable', [write]);
        }
        this.transaction.commit();
      } catch (error) {
        this.transaction.rollback();
        throw error;
      }
      this.at(
        'after-durable',
        group.map(({ write }) => write),
      );
    } catch (error) {
      this.failure = error;
      for (const { reject } of group) reject(error);
      return;
    }
    for (const { resolve } of group) resolve();
  }

  private at(moment: string, writes: readonly Write[]): void {
    for (const { names } of writes) for (const name of names) this.failpoint(`${moment}:${name}`);
  }
}
