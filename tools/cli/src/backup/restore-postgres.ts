import { existsSync } from 'node:fs';
import { Refusal } from '../output';
import { lookInto } from './postgres-database';
import { needProgram, runPostgres } from './postgres-program';
import { type PostgresUrl } from './postgres-url';

export interface RestoredPostgres {
  readonly service: 'coordinator';
  readonly store: 'postgres';
  readonly tables: number;
}

/** Puts a backup into an empty database, in one transaction: all of it or nothing. */
export async function restorePostgres(backup: string, database: PostgresUrl): Promise<RestoredPostgres> {
  if (!existsSync(backup)) throw new Refusal(`there is no ${backup}`);
  const { server, objects, currentSchema, acknowledgesEarly } = await lookInto(database);
  if (objects > 0)
    throw new Refusal('the database that DATABASE_URL names is not empty: a backup is restored into an empty one');
  needProgram('pg_restore', server, database);
  const tables = tablesOf(backup, database);
  const schema = tables.get('journal');
  if (schema === undefined || !tables.has('schema_migrations'))
    throw new Refusal('the file is no backup of a coordinator on PostgreSQL');
  if (schema !== currentSchema)
    throw new Refusal(
      `the backup is of the schema ${schema}, and the user's tables are made in ${currentSchema ?? 'none'}`,
    );
  // Success is not reported before it is on disk. The empty URL leaves everything to the environment.
  const options = acknowledgesEarly ? '-c synchronous_commit=on' : '';
  runPostgres(
    'pg_restore',
    ['--single-transaction', '--no-owner', '--no-privileges', '--no-password', '--dbname=postgresql://', '--', backup],
    database,
    options,
  );
  return { service: 'coordinator', store: 'postgres', tables: tables.size };
}

/** Names of the tables of a backup, each with its schema. Throws a `Refusal` for a file that `pg_dump` did not write. */
function tablesOf(backup: string, database: PostgresUrl): Map<string, string> {
  const lines = runPostgres('pg_restore', ['--list', '--', backup], database).split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [, schema, name] = /^\d+; \d+ \d+ TABLE (?!DATA )(\S+) (\S+)/.exec(line) ?? [];
      return name === undefined ? [] : [[name, schema] as const];
    }),
  );
}
