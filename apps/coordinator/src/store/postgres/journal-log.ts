/**
 * The journal on PostgreSQL, which all replicas append to in turn. A turn is a transaction under one lock: whoever has
 * it reads what others have appended, and appends what follows; ids go up by one from the newest. The key of the table
 * refuses a second entry with an id, whatever became of the lock.
 */
import { type RestoredFrom } from '@secagg/protocol';
import { type Bytes } from '@secagg/schema';
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely';
import { type Pool, type PoolClient, type QueryResult } from 'pg';
import { type UsedNonce } from '../store';
import { type Tables } from '../tables';
import { type MarkRow, restoredFrom } from '../backup-mark';
import { NOW_MS } from './clock';
import { JOURNAL_LOCK } from './journal-lock';
import { type RoundTurn, roundTurnOn } from './open-rounds';
import { type TaskChange, taskStatements } from './task-changes';

export interface JournalRow {
  readonly id: number;
  readonly type: string;
  readonly body: Bytes;
}

export interface NewRow extends JournalRow {
  readonly roundKey?: string;
}

export interface Newer {
  readonly rows: readonly JournalRow[];
  /** Time of the database, in milliseconds since 1970. */
  readonly nowMs: number;
}

/** What may be done while it is this process's turn; all of it becomes durable together. */
export interface Turn extends RoundTurn {
  newer(afterId: number): Promise<Newer>;
  /** Which of the nonces were used before. */
  used(nonces: readonly UsedNonce[]): Promise<UsedNonce[]>;
  append(rows: readonly NewRow[]): Promise<void>;
  useNonces(nonces: readonly UsedNonce[], nowMs: number): Promise<void>;
  changeTasks(changes: readonly TaskChange[]): Promise<void>;
  /** Removes the entries with these keys, and what releases long ago have left. */
  removeEntries(keys: readonly string[]): Promise<void>;
  putSnapshot(body: Bytes): Promise<void>;
  snapshot(): Promise<Bytes | undefined>;
  /** Whether the database comes from a backup, however it was brought back; undefined where it does not. */
  backupMark(): Promise<RestoredFrom | undefined>;
  /** This database is the one to go on with: it no longer counts as brought back. */
  settle(): Promise<void>;
}

export const JOURNAL_CHANNEL = 'secagg_journal';
/**
 * Releases that are kept, in entries of the journal: a replica that has not followed for longer restores its state
 * anew.
 */
const KEPT_RELEASES = 1000;
/** Entries read at once: most have about a kilobyte, a member's answer may have many megabytes. */
const PAGE = 100;

const compiler = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

export class JournalLog {
  constructor(private readonly pool: Pool) {}

  /** Waits for the turn, and commits what `act` does in it. When this throws, whether it was committed is not known. */
  async turn<T>(afterId: number, act: (turn: Turn, newer: Newer) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let failure: Error | undefined;
    try {
      // One message to the server. Each statement sees what was committed before it, so the second what others did
      // before they released the lock.
      const results = (await client.query(
        `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${JOURNAL_LOCK}); ${newerThan(afterId)}; SELECT ${NOW_MS} AS now_ms`,
      )) as unknown as QueryResult[];
      const turn = turnOn(client);
      let appends = 0;
      const append: Turn['append'] = (rows) => {
        appends += 1;
        return turn.append(rows);
      };
      const result = await act({ ...turn, append }, newerOf(results.slice(2)));
      const notify = appends > 0 ? `SELECT pg_notify('${JOURNAL_CHANNEL}', '')` : 'SELECT 1';
      const ended = (await client.query(`${notify}; COMMIT`)) as unknown as QueryResult[];
      if (ended[1].command !== 'COMMIT') throw new Error('the transaction was rolled back');
      return result;
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      // Ending the session ends the transaction, whatever state it is in.
      client.release(failure);
    }
  }

  async newer(afterId: number): Promise<Newer> {
    return newerOf(
      (await this.pool.query(`${newerThan(afterId)}; SELECT ${NOW_MS} AS now_ms`)) as unknown as QueryResult[],
    );
  }

  /** The whole journal as of one moment, and the snapshot that it starts on. */
  async everything(
    use: (rows: AsyncIterable<JournalRow>, snapshot: Bytes | undefined) => Promise<void>,
  ): Promise<void> {
    const client = await this.pool.connect();
    let failure: Error | undefined;
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await use(pages(client), await snapshotIn(client));
      await client.query('COMMIT');
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      client.release(failure);
    }
  }
}

/** @param afterId an integer of ours, so it needs no parameter (which would take messages of its own) */
const newerThan = (afterId: number): string =>
  `SELECT id, type, body FROM journal WHERE id > ${Math.trunc(afterId)} ORDER BY id LIMIT ${PAGE}`;

const newerOf = ([rows, clock]: readonly QueryResult[]): Newer => ({
  rows: rows.rows as JournalRow[],
  nowMs: (clock.rows[0] as { now_ms: number }).now_ms,
});

async function* pages(client: PoolClient): AsyncIterable<JournalRow> {
  for (let after = 0; ; ) {
    const { rows } = await client.query<JournalRow>(newerThan(after));
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows[rows.length - 1].id;
  }
}

async function snapshotIn(client: PoolClient): Promise<Bytes | undefined> {
  const query = compiler.selectFrom('snapshots').select('body').where('name', '=', 'released');
  const [row] = (await run(client, query.compile())).rows as { body: Bytes }[];
  return row?.body;
}

/**
 * Which table of which server the journal is. Restoring a dump makes another table, wherever that is; a physical copy
 * (base backup, disk image) is not told from its original. Where the server's identifier may not be read, the table
 * alone has to do.
 */
async function placeOf(client: PoolClient): Promise<string> {
  const may = "SELECT has_function_privilege('pg_control_system()', 'EXECUTE') AS may";
  const [{ may: readable }] = (await client.query<{ may: boolean }>(may)).rows;
  const server = readable ? '(SELECT system_identifier::text FROM pg_control_system())' : "''";
  const place = `SELECT ${server} || '/' || 'journal'::regclass::oid AS place`;
  return (await client.query<{ place: string }>(place)).rows[0].place;
}

const run = (client: PoolClient, { sql: text, parameters }: CompiledQuery): Promise<QueryResult> =>
  client.query(text, [...parameters]);

const turnOn = (client: PoolClient): Turn => ({
  ...roundTurnOn(client),

  async newer(afterId) {
    return newerOf(
      (await client.query(`${newerThan(afterId)}; SELECT ${NOW_MS} AS now_ms`)) as unknown as QueryResult[],
    );
  },

  async used(nonces) {
    const found: UsedNonce[] = [];
    for (const nonce of nonces) {
      const query = compiler
        .selectFrom('operator_nonces')
        .select('operator')
        .where('operator', '=', nonce.operator)
        .where('nonce', '=', nonce.nonce);
      if ((await run(client, query.compile())).rows.length > 0) found.push(nonce);
    }
    return found;
  },

  async append(rows) {
    const entries = rows.map(({ id, roundKey, type, body }) => ({ id, round_key: roundKey ?? null, type, body }));
    await run(client, compiler.insertInto('journal').values(entries).compile());
  },

  async useNonces(nonces, nowMs) {
    await run(client, compiler.deleteFrom('operator_nonces').where('expires_at_ms', '<', nowMs).compile());
    const rows = nonces.map(({ operator, nonce, expiresAtMs }) => ({ operator, nonce, expires_at_ms: expiresAtMs }));
    await run(client, compiler.insertInto('operator_nonces').values(rows).compile());
  },

  async changeTasks(changes) {
    for (const change of changes)
      for (const statement of taskStatements(compiler, change)) await run(client, statement);
  },

  async removeEntries(keys) {
    if (keys.length > 0) await run(client, compiler.deleteFrom('journal').where('round_key', 'in', keys).compile());
    const releases = compiler
      .deleteFrom('journal')
      .where('type', 'in', ['round-released', 'epochs-released'])
      .where('id', '<', sql<number>`(SELECT max(id) - ${KEPT_RELEASES}::bigint FROM journal)`);
    await run(client, releases.compile());
    const superseded = compiler
      .deleteFrom('journal')
      .where('type', '=', 'freshness-taken')
      .where('id', '<', sql<number>`(SELECT max(id) - ${KEPT_RELEASES}::bigint FROM journal)`)
      .where('id', '<', sql<number>`(SELECT max(id) FROM journal WHERE type = 'freshness-taken')`);
    await run(client, superseded.compile());
  },

  async putSnapshot(body) {
    const query = compiler
      .insertInto('snapshots')
      .values({ name: 'released', body })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ body: sql`excluded.body` }));
    await run(client, query.compile());
  },

  snapshot: () => snapshotIn(client),

  async backupMark() {
    const [mark] = (
      await run(client, compiler.selectFrom('backup_mark').select(['made_at_ms', 'assumed_numbers']).compile())
    ).rows as MarkRow[];
    const [home] = (await run(client, compiler.selectFrom('home').select('place').compile())).rows as {
      place: string;
    }[];
    const moved = home !== undefined && home.place !== (await placeOf(client));
    return restoredFrom(mark) ?? (moved ? {} : undefined);
  },

  async settle() {
    const place = await placeOf(client);
    const query = compiler
      .insertInto('home')
      .values({ id: 1, place })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ place }));
    await run(client, query.compile());
    await run(client, compiler.deleteFrom('backup_mark').compile());
  },
});
