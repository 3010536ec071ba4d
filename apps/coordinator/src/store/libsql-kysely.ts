import { Kysely, SqliteDialect } from 'kysely';
import type Database from 'libsql';

/**
 * kysely over an embedded database, whose driver has the interface of better-sqlite3. Destroying it would close the
 * database.
 */
export const kyselyOf = (db: Database.Database): Kysely<unknown> =>
  new Kysely({ dialect: new SqliteDialect({ database: db }) });
