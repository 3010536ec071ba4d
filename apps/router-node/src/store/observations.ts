/** The observations of this router, from their acceptance until one round has published them. */
import { type RewardObservation, signalKey } from '@secagg/schema';
import { type RequesterHash } from '../observations/requester-hash';
import { type Database } from '@secagg/journal/sqlite';
import { mergedByFirst } from './merged';
import { nextId } from './next-id';
import { type Queued, type RequesterQueues } from './requester-queues';
import { inTheClear, type RowSeal } from './row-seal';

/** An observation without who sent the request, and without its name. */
export type HeldObservation = Omit<RewardObservation, 'requester' | 'id'>;

/** An observation as it is about to be stored. */
export interface ObservationRow extends Queued {
  readonly body: string;
  /** What rounds that may have published it have charged for it; absent: nothing. */
  readonly chargedUnits?: number;
}

/** One that a round may take. */
export interface ReadyObservation extends Queued {
  readonly id: number;
  /** What rounds that may have published it have charged for it. */
  readonly chargedUnits: number;
}

/** Where a score has gone. */
export interface ScoredObservation {
  readonly key: string;
  readonly receivedAtMs: number;
  readonly before: number | undefined;
}

export interface ObservationCounts {
  readonly waiting: number;
  readonly taken: number;
}

/** Rows that one statement reads or changes. */
const CHUNK = 1000;

export class ObservationTable {
  /** @param hash what a requester id becomes before it is stored */
  constructor(
    private readonly database: Database,
    private readonly queues: RequesterQueues,
    private readonly hash: RequesterHash,
    private readonly sealed: RowSeal = inTheClear,
  ) {}

  rowOf({ requester, id: _name, ...held }: RewardObservation): ObservationRow {
    return {
      key: signalKey(held.model, held.task),
      body: JSON.stringify(held),
      requester: requester === undefined ? null : this.hash(requester),
    };
  }

  /** Part of the caller's transaction. @returns the id of the first one; the others follow it */
  add(rows: readonly ObservationRow[], receivedAtMs: number): number {
    // A sealed body is bound to its row, so the id is chosen first.
    const first = nextId(this.database, 'observation');
    let id = first;
    for (const row of rows) {
      const { chargedUnits = 0 } = row;
      this.database.run(
        'INSERT INTO observation (id, key, body, requester, received_at_ms, ready, charged_units) VALUES (?, ?, ?, ?, ?, ?, ?)',
        id,
        row.key,
        this.sealed.seal(row.body, 'observation', id),
        row.requester,
        receivedAtMs,
        // What has been charged for waits beside the queues: it must not keep back what a round may take.
        Number(chargedUnits > 0 || this.queues.enter(row)),
        chargedUnits,
      );
      id += 1;
    }
    return first;
  }

  /** Gives a waiting observation its quality. @returns what it had before; undefined when it waits no more */
  score(id: number, quality: number): ScoredObservation | undefined {
    const row = this.database.get(
      'SELECT body, key, received_at_ms FROM observation WHERE id = ? AND taken_by IS NULL',
      id,
    );
    if (!row) return undefined;
    const held = JSON.parse(this.sealed.open(row[0], 'observation', id)) as HeldObservation;
    const body = JSON.stringify({ ...held, quality } satisfies HeldObservation);
    this.database.run('UPDATE observation SET body = ? WHERE id = ?', this.sealed.seal(body, 'observation', id), id);
    return { key: row[1] as string, receivedAtMs: row[2] as number, before: held.quality };
  }

  /** Waiting observations by key, most first. */
  waitingByKey(limit: number): [key: string, waiting: number][] {
    return this.database.all(
      'SELECT key, waiting FROM observation_count ORDER BY waiting DESC, key LIMIT ?',
      limit,
    ) as unknown as [string, number][];
  }

  counts(): ObservationCounts {
    const [waiting, taken] = this.database.get('SELECT waiting, taken FROM observation_total') as [number, number];
    return { waiting, taken };
  }

  /** How many wait under one of these keys, given as a table's name. */
  waitingUnder(table: 'catalogue'): number {
    return this.database.get(
      `SELECT coalesce(sum(waiting), 0) FROM ${table} JOIN observation_count USING (key)`,
    )?.[0] as number;
  }

  /** The keys that have most waiting and are not in a table, most first. */
  waitingOutside(table: 'catalogue', limit: number): [key: string, waiting: number][] {
    return this.database.all(
      `SELECT key, waiting FROM observation_count WHERE key NOT IN (SELECT key FROM ${table}) ORDER BY waiting DESC, key LIMIT ?`,
      limit,
    ) as unknown as [string, number][];
  }

  /**
   * What a round with these keys may take, in the order it came, but first what has been charged for. Reads little more
   * than what is taken from it.
   * @param mostCharged the most that may have been charged for what is taken
   */
  *ready(keys: readonly string[], mostCharged = 0): Generator<ReadyObservation> {
    yield* this.chargedUnder(keys, mostCharged);
    const heads = this.database.all(
      `SELECT value, (
         SELECT id FROM observation WHERE key = value AND taken_by IS NULL AND ready = 1 AND charged_units = 0 ORDER BY id LIMIT 1
       ) FROM json_each(?)`,
      JSON.stringify(keys),
    );
    const lists = heads.flatMap(([key, head]) =>
      head === null ? [] : [{ first: head as number, rest: () => this.readyUnder(key as string) }],
    );
    yield* mergedByFirst(lists, ({ id }) => id);
  }

  /** Key by key: there are none but after rounds that have ended without an outcome. */
  private *chargedUnder(keys: readonly string[], mostCharged: number): Generator<ReadyObservation> {
    const some = this.database.all(
      `SELECT value FROM json_each(?) WHERE EXISTS (
         SELECT 1 FROM observation WHERE key = value AND taken_by IS NULL AND charged_units > 0 AND charged_units <= ?
       )`,
      JSON.stringify(keys),
      mostCharged,
    );
    for (const [key] of some as unknown as [string][]) {
      for (let [units, last, rows] = [1, 0, CHUNK]; rows === CHUNK; ) {
        const page = this.database.all(
          `SELECT id, requester, charged_units FROM observation
           WHERE key = ? AND taken_by IS NULL AND charged_units > 0 AND charged_units <= ? AND (charged_units, id) > (?, ?)
           ORDER BY charged_units, id LIMIT ?`,
          key,
          mostCharged,
          units,
          last,
          CHUNK,
        ) as unknown as [number, string | null, number][];
        for (const [id, requester, chargedUnits] of page) yield { id, key, requester, chargedUnits };
        rows = page.length;
        [last, , units] = page.at(-1) ?? [0, null, 0];
      }
    }
  }

  /** In pages that begin small: most keys give a round few. */
  private *readyUnder(key: string): Generator<ReadyObservation> {
    for (let last = 0, size = 8; ; size = Math.min(2 * size, CHUNK)) {
      const page = this.database.all(
        `SELECT id, requester FROM observation
         WHERE key = ? AND taken_by IS NULL AND ready = 1 AND charged_units = 0 AND id > ? ORDER BY id LIMIT ?`,
        key,
        last,
        size,
      ) as unknown as [number, string | null][];
      for (const [id, requester] of page) yield { id, key, requester, chargedUnits: 0 };
      if (page.length < size) return;
      last = page[size - 1][0];
    }
  }

  /** All that wait, oldest first. */
  *waitingByAge(): Generator<{ readonly key: string; readonly held: HeldObservation; readonly receivedAtMs: number }> {
    for (let [last, lastId, rows] = [-Infinity, 0, CHUNK]; rows === CHUNK; ) {
      const page = this.database.all(
        `SELECT received_at_ms, id, key, body FROM observation
         WHERE taken_by IS NULL AND (received_at_ms, id) > (?, ?) ORDER BY received_at_ms, id LIMIT ?`,
        last,
        lastId,
        CHUNK,
      ) as unknown as [number, number, string, string | Uint8Array][];
      for (const [receivedAtMs, id, key, body] of page)
        yield { key, held: JSON.parse(this.sealed.open(body, 'observation', id)) as HeldObservation, receivedAtMs };
      rows = page.length;
      [last, lastId] = page.at(-1) ?? [0, 0];
    }
  }

  /** In no particular order. */
  *read(ids: readonly number[]): Generator<HeldObservation> {
    for (const chunk of chunks(ids)) {
      const rows = this.database.all(
        'SELECT id, body FROM observation WHERE id IN (SELECT value FROM json_each(?))',
        JSON.stringify(chunk),
      );
      for (const [id, body] of rows)
        yield JSON.parse(this.sealed.open(body, 'observation', id as number)) as HeldObservation;
    }
  }

  /** Part of the caller's transaction. */
  take(taken: readonly ReadyObservation[], roundKey: string): void {
    for (const chunk of chunks(taken)) {
      this.database.run(
        'UPDATE observation SET taken_by = ? WHERE id IN (SELECT value FROM json_each(?))',
        roundKey,
        JSON.stringify(chunk.map(({ id }) => id)),
      );
    }
    this.queues.leave(taken.filter(({ chargedUnits }) => chargedUnits === 0));
  }

  /** The round has published them: some of them go. @returns whether all have gone */
  removeSome(roundKey: string): boolean {
    return (
      this.database.run(
        'DELETE FROM observation WHERE id IN (SELECT id FROM observation WHERE taken_by = ? LIMIT ?)',
        roundKey,
        CHUNK,
      ) < CHUNK
    );
  }

  /**
   * The round has not used them, or has ended without an outcome: some of them wait again, in their old order.
   * @param chargedUnits what it has charged for them
   * @returns whether all do
   */
  giveSomeBack(roundKey: string, chargedUnits: number): boolean {
    const rows = this.database.all(
      'SELECT id, key, requester, charged_units FROM observation WHERE taken_by = ? LIMIT ?',
      roundKey,
      CHUNK,
    );
    this.database.run(
      'UPDATE observation SET taken_by = NULL, charged_units = min(charged_units + ?, ?) WHERE id IN (SELECT value FROM json_each(?))',
      chargedUnits,
      Number.MAX_SAFE_INTEGER,
      JSON.stringify(rows.map(([id]) => id)),
    );
    const queued = rows.filter(([, , , units]) => units === 0 && chargedUnits === 0);
    this.queues.comeBack(queued.map(([, key, requester]) => ({ key, requester }) as Queued));
    return rows.length < CHUNK;
  }

  /** Drops some of what has waited since before `beforeMs`. @returns whether all of it is gone */
  dropSomeOlder(beforeMs: number): boolean {
    const rows = this.database.all(
      `SELECT id, key, requester, ready = 1 AND charged_units = 0 FROM observation
       WHERE taken_by IS NULL AND received_at_ms < ? ORDER BY received_at_ms LIMIT ?`,
      beforeMs,
      CHUNK,
    );
    this.database.run(
      'DELETE FROM observation WHERE id IN (SELECT value FROM json_each(?))',
      JSON.stringify(rows.map(([id]) => id)),
    );
    this.queues.leave(
      rows.filter(([, , , queued]) => queued === 1).map(([, key, requester]) => ({ key, requester }) as Queued),
    );
    return rows.length < CHUNK;
  }

  /**
   * Gives some of what waits under one key another model and task; it then waits behind what is there, and carries what
   * has been charged for it.
   * @param move told the old and the new id of each
   * @returns whether nothing waits under the old key any more
   */
  renameSome(
    key: string,
    name: Pick<HeldObservation, 'model' | 'task'>,
    move: (from: number, to: number) => void,
  ): boolean {
    const rows = this.database.all(
      `SELECT id, body, requester, received_at_ms, ready = 1 AND charged_units = 0, charged_units FROM observation
       WHERE key = ? AND taken_by IS NULL ORDER BY id LIMIT ?`,
      key,
      CHUNK,
    ) as unknown as [number, string | Uint8Array, string | null, number, 0 | 1, number][];
    this.database.run(
      'DELETE FROM observation WHERE id IN (SELECT value FROM json_each(?))',
      JSON.stringify(rows.map(([id]) => id)),
    );
    this.queues.leave(rows.filter(([, , , , queued]) => queued === 1).map(([, , requester]) => ({ key, requester })));
    for (const [id, body, requester, receivedAtMs, , chargedUnits] of rows) {
      const held = JSON.parse(this.sealed.open(body, 'observation', id)) as HeldObservation;
      move(id, this.add([{ ...this.rowOf({ ...held, ...name }), requester, chargedUnits }], receivedAtMs));
    }
    return rows.length < CHUNK;
  }

  /** All of them. */
  clear(): void {
    this.database.run('DELETE FROM observation');
    this.database.run('DELETE FROM requester_queue');
  }
}

function* chunks<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += CHUNK) yield list.slice(at, at + CHUNK);
}
