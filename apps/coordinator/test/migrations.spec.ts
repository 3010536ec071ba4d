import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCanonical } from '@secagg/schema';
import { TestPostgres } from '@secagg/testbed/postgres';
import { type Kysely, sql } from 'kysely';
import Database from 'libsql';
import { kyselyOf } from '../src/store/libsql-kysely';
import { type ColumnTypes, migrate, type Migration, postgresTypes, sqliteTypes } from '../src/store/migrate';
import { migrations } from '../src/store/migrations';
import { kyselyOn, openPool } from '../src/store/postgres/connect';
import { type Tables } from '../src/store/tables';

interface Opened {
  readonly db: Kysely<Tables>;
  readonly types: ColumnTypes;
  close(): Promise<void>;
}

const server = TestPostgres.start();
if (!server) console.error('PostgreSQL is not installed: migrations are NOT tested on it');
afterAll(() => server?.stop());

const embedded = async (): Promise<Opened> => {
  const db = kyselyOf(new Database(join(mkdtempSync(join(tmpdir(), 'secagg-migrations-')), 'coordinator.db')));
  return { db: db as unknown as Kysely<Tables>, types: sqliteTypes, close: () => db.destroy() };
};
const postgres = async (): Promise<Opened> => {
  const db = kyselyOn(openPool((server as TestPostgres).createDatabase(), 2));
  return { db, types: postgresTypes, close: () => db.destroy() };
};
const databases: [string, () => Promise<Opened>][] = [
  ['the embedded database', embedded],
  ...(server ? [['PostgreSQL', postgres] as [string, typeof postgres]] : []),
];

const bytes = (...values: number[]) => new Uint8Array(values);
/** The embedded driver gives bytes as ArrayBuffers. */
const plain = (rows: object[]) =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, value instanceof ArrayBuffer ? new Uint8Array(value) : value]),
    ),
  );

/** One row of every table that a version has, as its release would have written it. */
const dataOf: Record<number, (db: Kysely<Tables>) => Promise<unknown>> = {
  1: async (db) => {
    await db
      .insertInto('journal')
      .values({ id: 7, round_key: 'a/1', type: 'round-closed', body: bytes(1, 0, 255) })
      .execute();
    await db
      .insertInto('contributions')
      .values({ journal_id: 6, round_key: 'a/1', router: 'r1' as never, bytes: bytes(9, 0, 9) })
      .execute();
    await db
      .insertInto('finished_rounds')
      .values({
        round_key: 'a/1',
        cluster: 'a',
        round: 1,
        phase: 'published',
        contributions: 3,
        decision: null,
        finished_at_ms: 1_764_158_400_123,
        signal: '{}',
      })
      .execute();
    await db
      .insertInto('transcripts')
      .values({ round_key: 'a/1', finished_at_ms: 1_764_158_400_123, body: bytes(5) })
      .execute();
    await db
      .insertInto('operator_nonces')
      .values({ operator: 'o', nonce: bytes(1, 2), expires_at_ms: 2 ** 53 - 1 })
      .execute();
    await db.insertInto('snapshots').values({ name: 'released', body: bytes() }).execute();
  },
  3: async (db) => {
    await db.insertInto('suspicion_clusters').values({ cluster: 'a', rounds: 20, latest_round: 21 }).execute();
    await db
      .insertInto('suspicion')
      .values({
        cluster: 'a',
        router: 'r1',
        rounds: 20,
        flagged: 19,
        expected: 4.1,
        named_in_round: 18,
        quarantined_after: null,
      })
      .execute();
  },
  4: async (db) => {
    await db.insertInto('tasks').values({ kind: 'finish', round_key: 'a/1', holder: null }).execute();
    await db
      .insertInto('partial_sums')
      .values({ round_key: 'a/1', part: 0, group_index: 1, words: bytes(3) })
      .execute();
    await db
      .insertInto('waiting_routers')
      .values({ replica: 'x', cluster: 'a', routers: '[]', seen_at_ms: 1 })
      .execute();
  },
  5: async (db) => {
    await db.insertInto('backup_mark').values({ id: 1, made_at_ms: 5, assumed_numbers: null }).execute();
    await db.insertInto('home').values({ id: 1, place: '7/1' }).execute();
  },
  6: async () => undefined,
  7: async () => undefined,
  8: async (db) => {
    await db.insertInto('open_rounds').values({ round_key: 'ab/2', lane: 0, room: 5, taken: 1 }).execute();
  },
};
const tablesOf: Record<number, (keyof Tables)[]> = {
  1: ['journal', 'contributions', 'finished_rounds', 'transcripts', 'operator_nonces', 'snapshots'],
  3: ['suspicion_clusters', 'suspicion'],
  4: ['tasks', 'partial_sums', 'waiting_routers'],
  5: ['backup_mark', 'home'],
  6: [],
  7: [],
  8: ['open_rounds'],
};

describe.each(databases)('migrations of %s', (_name, open) => {
  let opened: Opened;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened.close());
  const run = (list: readonly Migration[]) => migrate(opened.db as never, opened.types, list);
  const versions = async () =>
    (
      await sql<{ version: number }>`SELECT version FROM schema_migrations ORDER BY version`.execute(opened.db)
    ).rows.map(({ version }) => Number(version));

  it.each(migrations.map(({ version }, index) => [version, index]))(
    'lead up from version %i with everything that was in it, and again change nothing',
    async (version, index) => {
      await run(migrations.slice(0, index + 1));
      const had = migrations.slice(0, index + 1).map((migration) => migration.version);
      for (const number of had) await dataOf[number](opened.db);
      const contents = async () =>
        Object.fromEntries(
          await Promise.all(
            had
              .flatMap((number) => tablesOf[number])
              .map(async (table) => [table, plain(await opened.db.selectFrom(table).selectAll().execute())]),
          ),
        );
      const before = await contents();
      expect(Object.values(before).every((rows) => (rows as object[]).length === 1)).toBe(true);
      await run(migrations);
      await run(migrations);
      // Later versions may have added columns, and version 8 an entry that earlier releases stop at.
      const after = await contents();
      const isNew = ({ type }: { type?: unknown }) => type === 'contributions-apart';
      expect(after.journal.filter(isNew)).toHaveLength(opened.types === postgresTypes && version < 8 ? 1 : 0);
      expect({ ...after, journal: after.journal.filter((row: { type?: unknown }) => !isNew(row)) }).toMatchObject(
        before,
      );
      expect(await versions()).toEqual(migrations.map((migration) => migration.version));
      expect(had).toContain(version);
    },
  );

  it('have data for every table of every version here', async () => {
    expect(Object.keys(dataOf).map(Number)).toEqual(migrations.map(({ version }) => version));
    await run(migrations);
    const tables = (await opened.db.introspection.getTables())
      .map(({ name }) => name)
      .filter((name) => name !== 'schema_migrations')
      .sort();
    expect(Object.values(tablesOf).flat().sort()).toEqual(tables);
  });

  it('give entries of epochs the key that they are removed by', async () => {
    await run(migrations.filter(({ version }) => version < 6));
    const events = [
      { type: 'fleet-updated' },
      { type: 'epoch-started', terms: { epoch: 7 } },
      { type: 'epoch-proposed', epoch: 7, body: bytes(1) },
      { type: 'epoch-signed', epoch: 8, member: 'm', signature: bytes(2) },
    ];
    for (const [i, event] of events.entries())
      await opened.db
        .insertInto('journal')
        .values({ id: i + 1, round_key: null, type: event.type, body: encodeCanonical(event) })
        .execute();
    await run(migrations);
    const rows = await opened.db
      .selectFrom('journal')
      .select('round_key')
      .where('type', '<>', 'contributions-apart')
      .orderBy('id')
      .execute();
    expect(rows.map(({ round_key }) => round_key)).toEqual([null, 'epoch/7', 'epoch/7', 'epoch/8']);
  });

  const one: Migration = {
    version: 1,
    up: (db, { integer }) => db.schema.createTable('a').addColumn('x', integer).execute(),
  };
  const two: Migration = {
    version: 2,
    up: (db, { integer }) => db.schema.alterTable('a').addColumn('y', integer).execute(),
  };
  const three: Migration = {
    version: 3,
    up: (db, { bytes: type }) => db.schema.createTable('b').addColumn('z', type).execute(),
  };

  it('run once each; one that another branch has added below the newest is made up for', async () => {
    await run([one, three]);
    await run([one, two, three]);
    await sql`INSERT INTO a (x, y) VALUES (1, 2)`.execute(opened.db);
    await run([one, { version: 2, up: () => Promise.reject(new Error('a second time')) }, three]);
    expect(await versions()).toEqual([1, 2, 3]);
    expect((await sql`SELECT z FROM b`.execute(opened.db)).rows).toEqual([]);
  });

  it('leave nothing of one that fails', async () => {
    await run([one]);
    const failing: Migration = {
      version: 2,
      up: async (db, types) => {
        await three.up(db, types);
        throw new Error('half-way');
      },
    };
    await expect(run([one, failing])).rejects.toThrow('half-way');
    expect(await versions()).toEqual([1]);
    await run([one, { ...three, version: 2 }]);
    expect(await versions()).toEqual([1, 2]);
  });

  it('refuse a database of a newer release', async () => {
    await run([one, two]);
    await expect(run([one])).rejects.toThrow('schema version 2, which this release does not know: its newest is 1');
  });
});

describe('a file that was written before migrations were for two databases', () => {
  // The schema as it was then, word for word in its types and keys.
  const schema = `
    CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE journal (id INTEGER PRIMARY KEY, round_key TEXT, type TEXT NOT NULL, body BLOB NOT NULL);
    CREATE INDEX journal_of_round ON journal (round_key) WHERE round_key IS NOT NULL;
    CREATE TABLE contributions (journal_id INTEGER PRIMARY KEY, round_key TEXT NOT NULL, router TEXT NOT NULL, bytes BLOB NOT NULL);
    CREATE UNIQUE INDEX contribution_of_router ON contributions (round_key, router);
    CREATE TABLE finished_rounds (round_key TEXT PRIMARY KEY, cluster TEXT NOT NULL, round INTEGER NOT NULL, phase TEXT NOT NULL, contributions INTEGER NOT NULL, decision BLOB, finished_at_ms INTEGER NOT NULL, signal TEXT);
    CREATE INDEX finished_round_of_cluster ON finished_rounds (cluster, round);
    CREATE TABLE transcripts (round_key TEXT PRIMARY KEY, finished_at_ms INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE TABLE operator_nonces (operator TEXT NOT NULL, nonce BLOB NOT NULL, expires_at_ms INTEGER NOT NULL, PRIMARY KEY (operator, nonce));
    CREATE TABLE snapshots (name TEXT PRIMARY KEY, body BLOB NOT NULL);
    INSERT INTO schema_migrations VALUES (1);
  `;
  const columns = (db: Database.Database, table: string) =>
    db
      .prepare(`SELECT name, lower(type) AS type, "notnull", pk FROM pragma_table_info('${table}') ORDER BY cid`)
      .all([]);

  it('has the very tables that version 1 makes now, and goes on with them', async () => {
    const [old, fresh] = [new Database(':memory:'), new Database(':memory:')];
    old.exec(schema);
    await migrate(kyselyOf(fresh), sqliteTypes, migrations.slice(0, 1));
    for (const table of tablesOf[1]) expect(columns(fresh, table)).toEqual(columns(old, table));
    await dataOf[1](kyselyOf(old));
    await migrate(kyselyOf(old), sqliteTypes, migrations);
    expect(old.prepare('SELECT router FROM contributions').all([])).toEqual([{ router: 'r1' }]);
    expect(columns(old, 'tasks')).toHaveLength(7);
    old.close();
    fresh.close();
  });
});
