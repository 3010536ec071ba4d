/** Brings a database to the newest schema. Running it again is harmless; a database from the future is refused. */
import { type Kysely } from 'kysely';
import { failpoint } from '../failpoint';

/** What the databases call the two types that they disagree about; text is `text` everywhere. */
export interface ColumnTypes {
  /** Integers up to 2^53. */
  readonly integer: 'integer' | 'bigint';
  readonly bytes: 'blob' | 'bytea';
}

export const sqliteTypes: ColumnTypes = { integer: 'integer', bytes: 'blob' };
export const postgresTypes: ColumnTypes = { integer: 'bigint', bytes: 'bytea' };

export interface Migration {
  /** 1, 2, 3, ...; gaps are allowed. */
  readonly version: number;
  /** Runs inside a transaction, on either database. */
  up(db: Kysely<unknown>, types: ColumnTypes): Promise<void>;
}

interface MigrationTable {
  schema_migrations: { version: number };
}

/**
 * Carries out every migration that the database has not had, in order of version: also one below the newest, which is
 * how two branches that each add one come together. Callers keep other processes out meanwhile.
 * Throws when the database is of a newer release, which may have written what this one does not understand.
 */
export async function migrate(
  db: Kysely<unknown>,
  types: ColumnTypes,
  migrations: readonly Migration[],
): Promise<void> {
  const records = db as unknown as Kysely<MigrationTable>;
  await records.schema
    .createTable('schema_migrations')
    .ifNotExists()
    .addColumn('version', types.integer, (column) => column.primaryKey())
    .execute();
  const had = new Set(
    (await records.selectFrom('schema_migrations').select('version').execute()).map(({ version }) => Number(version)),
  );
  const known = new Set(migrations.map(({ version }) => version));
  const unknown = [...had].filter((version) => !known.has(version));
  if (unknown.length > 0)
    throw new Error(
      `the database has schema version ${Math.max(...unknown)}, which this release does not know: its newest is ${Math.max(0, ...known)}`,
    );
  for (const { version, up } of [...migrations].sort((a, b) => a.version - b.version)) {
    if (had.has(version)) continue;
    failpoint('before-durable:migration');
    await records.transaction().execute(async (transaction) => {
      await up(transaction as unknown as Kysely<unknown>, types);
      await transaction.insertInto('schema_migrations').values({ version }).execute();
      failpoint('in-durable:migration');
    });
    failpoint('after-durable:migration');
  }
}
