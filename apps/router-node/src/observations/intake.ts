/**
 * Accepting observations durably. Requests that arrive while the disk is busy share the next commit, so that many small
 * ones cost little more than one large one.
 */
import { SecaggError } from '@secagg/schema';
import { failpoint } from '../failpoint';
import { type IncomingRow, type RowOutcome } from '../ingest/ingest-store';
import { type Aliases } from '../ingest/names/aliases';
import { type ObservationTables } from '../store/observation-tables';
import { BatchAdder, type BatchOutcome, type RawBatch } from './batch-adder';
import { type IntakeLimits, RowAdder } from './row-adder';

interface Pending {
  /** About as many, for the size of a commit. */
  readonly bytes: number;
  /** Part of a transaction; a refusal changes nothing. */
  add(): unknown;
  resolve(added: unknown): void;
  reject(error: unknown): void;
}

type Outcome = { readonly added: unknown } | { readonly refused: SecaggError };

/** Bytes after which a commit takes nothing further, so that nothing waits for long behind it. */
const BYTES_PER_COMMIT = 2 * 1024 * 1024;
/** What a row that was parsed elsewhere counts as. */
const ROW_BYTES = 256;

export class Intake {
  private pending: Pending[] = [];
  private readonly rows: RowAdder;
  private readonly batches: BatchAdder;

  constructor(
    private readonly tables: Pick<
      ObservationTables,
      'observations' | 'batches' | 'catalogue' | 'requests' | 'own' | 'transaction'
    >,
    limits: IntakeLimits,
    now: () => number,
    aliases?: Aliases,
  ) {
    this.rows = new RowAdder(tables, limits, now);
    this.batches = new BatchAdder(tables, this.rows, now, aliases);
  }

  /** Resolves when the batch is on disk. Throws as `BatchAdder.add` does. */
  accept(batch: RawBatch): Promise<BatchOutcome> {
    return this.enqueue(batch.body.length, () => this.batches.add(batch));
  }

  /** Resolves when those rows that were accepted are on disk. */
  acceptRows(rows: readonly IncomingRow[]): Promise<RowOutcome[]> {
    return this.enqueue(rows.length * ROW_BYTES, () => this.rows.add(rows));
  }

  /** Something else has changed what is held, or the catalogue. */
  recount(): void {
    this.rows.recount();
  }

  get isFullOfUnlisted(): boolean {
    return this.rows.isFullOfUnlisted;
  }

  /** Observations of unlisted keys that were not kept. */
  get unlistedSkipped(): number {
    return this.rows.unlistedSkipped;
  }

  /** Commits what has come, or the first part of it. @returns whether nothing is left */
  flush(): boolean {
    const group: Pending[] = [];
    let outcomes: readonly Outcome[];
    failpoint('before-durable:observations-accepted');
    try {
      outcomes = this.tables.transaction(() => {
        const added = this.addSome(group);
        failpoint('in-durable:observations-accepted');
        return added;
      });
    } catch (error) {
      this.recount();
      for (const { reject } of group) reject(error);
      return this.pending.length === 0;
    }
    failpoint('after-durable:observations-accepted');
    outcomes.forEach((outcome, i) =>
      'refused' in outcome ? group[i].reject(outcome.refused) : group[i].resolve(outcome.added),
    );
    return this.pending.length === 0;
  }

  private enqueue<T>(bytes: number, add: () => T): Promise<T> {
    return new Promise((resolve, reject) => this.pending.push({ bytes, add, resolve: resolve, reject }));
  }

  /** Moves batches from `pending` to `group`, one after the other, and adds them. */
  private addSome(group: Pending[]): Outcome[] {
    const outcomes: Outcome[] = [];
    for (let bytes = 0; bytes < BYTES_PER_COMMIT; ) {
      const next = this.pending.shift();
      if (!next) break;
      group.push(next);
      bytes += next.bytes;
      try {
        outcomes.push({ added: next.add() });
      } catch (error) {
        if (!(error instanceof SecaggError)) throw error;
        outcomes.push({ refused: error });
      }
    }
    return outcomes;
  }
}
