import { existsSync } from 'node:fs';
import { Refusal } from '../output';
import { MARK_TABLE } from './databases';
import { lookInto, writeTo } from './postgres-database';
import { needProgram, runPostgres } from './postgres-program';
import { type PostgresUrl } from './postgres-url';
import { type Assumed } from './restore-backup';

export interface RestoredPostgres {
  readonly service: 'coordinator';
  readonly store: 'postgres';
  readonly tables: number;
}

/**
 * Puts a backup into an empty database, in one transaction: all of it or nothing. The coordinator that opens it sees by
 * itself that it is another database than the backed up one; what more is known about the backup is written down for
 * it.
 */
export async function restorePostgres(
  backup: string,
  database: PostgresUrl,
  { rounds }: Assumed,
): Promise<RestoredPostgres> {
  if (!existsSync(backup)) throw new Refusal(`there is no ${backup}`);
  const { server, objects, currentSchema, acknowledgesEarly } = await lookInto(database);
  if (objects > 0)
    throw new Refusal('the database that DATABASE_URL names is not empty: a backup is restored into an empty one');
  needProgram('pg_restore', server, database);
  const { tables, madeAtMs } = contentsOf(backup, database);
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
  await writeTo(
    database,
    `${MARK_TABLE}; INSERT INTO backup_mark (id, made_at_ms, assumed_numbers) VALUES (1, ${madeAtMs ?? 'NULL'}, ${rounds ?? 'NULL'})`,
  );
  return { service: 'coordinator', store: 'postgres', tables: tables.size };
}

interface Contents {
  /** Names of the tables, each with its schema. */
  readonly tables: Map<string, string>;
  readonly madeAtMs: number | undefined;
}

/** Throws a `Refusal` for a file that `pg_dump` did not write. */
function contentsOf(backup: string, database: PostgresUrl): Contents {
  const lines = runPostgres('pg_restore', ['--list', '--', backup], database).split('\n');
  const tables = new Map(
    lines.flatMap((line) => {
      const [, schema, name] = /^\d+; \d+ \d+ TABLE (?!DATA )(\S+) (\S+)/.exec(line) ?? [];
      return name === undefined ? [] : [[name, schema] as const];
    }),
  );
  const created = lines.flatMap((line) => /^; Archive created at (\S+) (\S+)/.exec(line)?.slice(1).join('T') ?? []);
  const madeAtMs = Date.parse(`${created[0]}Z`);
  // Before there was a table `home`, backups were made in the time zone of their machine.
  const known = tables.has('home') && Number.isFinite(madeAtMs);
  return { tables, madeAtMs: known ? madeAtMs : undefined };
}
