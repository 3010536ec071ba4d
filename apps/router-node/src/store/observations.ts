/** The observations of this router, from their acceptance until one round has published them. */
import { createHash } from 'node:crypto';
import { type RewardObservation, SecaggError, signalKey } from '@secagg/schema';
import { type RequesterHash } from '../observations/requester-hash';
import { type Database } from './database';
import { nextId } from './next-id';
import { inTheClear, type RowSeal } from './row-seal';

export interface ObservationBatch {
  readonly observations: readonly RewardObservation[];
  /** A batch under a key counts once, however often it is sent. */
  readonly idempotencyKey?: string;
}

/** An observation without who sent the request. */
export type HeldObservation = Omit<RewardObservation, 'requester'>;

export interface WaitingObservation {
  readonly id: number;
  readonly observation: HeldObservation;
  /** Keyed hash of who sent it; undefined when that was not said. */
  readonly requester?: string;
}

const PAGE = 1000;

export class ObservationTable {
  /** @param hash what a requester id becomes before it is stored */
  constructor(
    private readonly database: Database,
    private readonly hash: RequesterHash,
    private readonly sealed: RowSeal = inTheClear,
  ) {}

  /**
   * Adds a batch; part of the caller's transaction. A refusal adds nothing.
   * @param room most observations that may be added
   * @returns how many were accepted, now or when the same batch came before, and how many are new
   * Throws `duplicate` when the key stands for another batch, `overloaded` when there is no room.
   */
  add(
    { observations, idempotencyKey }: ObservationBatch,
    nowMs: number,
    room = Infinity,
  ): { accepted: number; added: number } {
    const rows = observations.map((observation) => this.rowOf(observation));
    if (idempotencyKey !== undefined) {
      const before = this.database.get(
        'SELECT digest, accepted FROM accepted_batch WHERE idempotency_key = ?',
        idempotencyKey,
      );
      if (before) {
        if (!this.digestOf(rows).equals(before[0] as Uint8Array))
          throw new SecaggError('duplicate', 'another batch was accepted under this idempotency key');
        return { accepted: before[1] as number, added: 0 };
      }
    }
    if (observations.length > room)
      throw new SecaggError('overloaded', 'no more observations can be held until a round has taken some');
    if (idempotencyKey !== undefined) {
      this.database.run(
        'INSERT INTO accepted_batch (idempotency_key, digest, accepted, at_ms) VALUES (?, ?, ?, ?)',
        idempotencyKey,
        this.digestOf(rows),
        observations.length,
        nowMs,
      );
    }
    // A sealed body is bound to its row, so the id is chosen first.
    let id = nextId(this.database, 'observation');
    for (const { key, body, requester } of rows) {
      this.database.run(
        'INSERT INTO observation (id, key, body, requester, received_at_ms) VALUES (?, ?, ?, ?, ?)',
        id,
        key,
        this.sealed.seal(body, 'observation', id),
        requester,
        nowMs,
      );
      id += 1;
    }
    return { accepted: observations.length, added: observations.length };
  }

  private digestOf(rows: readonly Row[]): Buffer {
    return Buffer.from(this.sealed.keyedDigest(digestOf(rows)));
  }

  private rowOf({ requester, ...held }: RewardObservation): Row {
    return {
      key: signalKey(held.model, held.task),
      body: JSON.stringify(held),
      requester: requester === undefined ? null : this.hash(requester),
    };
  }

  count(): { waiting: number; taken: number } {
    const [waiting, all] = this.database.get(
      'SELECT count(*) FILTER (WHERE taken_by IS NULL), count(*) FROM observation',
    ) as [number, number];
    return { waiting, taken: all - waiting };
  }

  /** Waiting observations in the order they came, read in pages. */
  *waiting(): Generator<WaitingObservation> {
    for (let last = 0; ; ) {
      const page = this.database.all(
        'SELECT id, body, requester FROM observation WHERE id > ? AND taken_by IS NULL ORDER BY id LIMIT ?',
        last,
        PAGE,
      );
      for (const [id, body, requester] of page) {
        const text = this.sealed.open(body, 'observation', id as number);
        yield {
          id: id as number,
          observation: JSON.parse(text) as HeldObservation,
          ...(requester === null ? {} : { requester: requester as string }),
        };
      }
      if (page.length < PAGE) return;
      last = page[PAGE - 1][0] as number;
    }
  }

  /** How many wait under each key. */
  waitingByKey(): Map<string, number> {
    return new Map(
      this.database
        .all('SELECT key, count(*) FROM observation WHERE taken_by IS NULL GROUP BY key')
        .map(([key, count]) => [key as string, count as number]),
    );
  }

  take(ids: readonly number[], roundKey: string): void {
    this.database.run(
      'UPDATE observation SET taken_by = ? WHERE id IN (SELECT value FROM json_each(?))',
      roundKey,
      JSON.stringify(ids),
    );
  }

  takenBy(roundKey: string): number {
    return this.database.get('SELECT count(*) FROM observation WHERE taken_by = ?', roundKey)?.[0] as number;
  }

  /** The round has published them. */
  remove(roundKey: string): void {
    this.database.run('DELETE FROM observation WHERE taken_by = ?', roundKey);
  }

  /** The round has not used them: they wait for the next one, in their old order. */
  giveBack(roundKey: string): void {
    this.database.run('UPDATE observation SET taken_by = NULL WHERE taken_by = ?', roundKey);
  }

  /** Drops what has waited since before `beforeMs`, and idempotency keys of that age. */
  dropOlder(beforeMs: number): number {
    return this.database.transaction(() => {
      this.database.run('DELETE FROM accepted_batch WHERE at_ms < ?', beforeMs);
      return this.database.run('DELETE FROM observation WHERE taken_by IS NULL AND received_at_ms < ?', beforeMs);
    });
  }
}

interface Row {
  readonly key: string;
  readonly body: string;
  readonly requester: string | null;
}

const digestOf = (rows: readonly Row[]): Buffer =>
  createHash('sha256')
    .update(JSON.stringify(rows.map(({ body, requester }) => (requester === null ? body : [body, requester]))))
    .digest();
