/** Batches that were accepted under an idempotency key: each counts once, however often it is sent. */
import { createHash } from 'node:crypto';
import { SecaggError } from '@secagg/schema';
import { type Database } from '@secagg/journal/sqlite';
import { type ObservationRow } from './observations';
import { type RowSeal } from './row-seal';

/** What became of the rows of a batch. */
export interface Accepted {
  /** On disk. */
  readonly accepted: number;
  /** Not kept: the last catalogue lacks their keys, and there is no more room for such. */
  readonly unlisted: number;
}

export class AcceptedBatches {
  constructor(
    private readonly database: Database,
    private readonly sealed: RowSeal,
  ) {}

  /** What was answered to the same batch before. Throws `duplicate` when the key stands for another batch. */
  find(idempotencyKey: string, rows: readonly ObservationRow[]): Accepted | undefined {
    const before = this.database.get(
      'SELECT digest, accepted, skipped FROM accepted_batch WHERE idempotency_key = ?',
      idempotencyKey,
    );
    if (!before) return undefined;
    const [digest, accepted, unlisted] = before as [Uint8Array, number, number];
    if (!this.digestOf(rows).equals(digest))
      throw new SecaggError('duplicate', 'another batch was accepted under this idempotency key');
    return { accepted, unlisted };
  }

  /** Part of the transaction that adds the rows. */
  put(idempotencyKey: string, rows: readonly ObservationRow[], { accepted, unlisted }: Accepted, nowMs: number): void {
    this.database.run(
      'INSERT INTO accepted_batch (idempotency_key, digest, accepted, skipped, at_ms) VALUES (?, ?, ?, ?, ?)',
      idempotencyKey,
      this.digestOf(rows),
      accepted,
      unlisted,
      nowMs,
    );
  }

  dropOlder(beforeMs: number): void {
    this.database.run('DELETE FROM accepted_batch WHERE at_ms < ?', beforeMs);
  }

  private digestOf(rows: readonly ObservationRow[]): Buffer {
    return Buffer.from(this.sealed.keyedDigest(digestOf(rows)));
  }
}

const digestOf = (rows: readonly ObservationRow[]): Buffer =>
  createHash('sha256')
    .update(JSON.stringify(rows.map(({ body, requester }) => (requester === null ? body : [body, requester]))))
    .digest();
