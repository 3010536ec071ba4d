import { existsSync, statSync } from 'node:fs';
import { Refusal } from '../output';
import { makeDurably } from './durable-file';
import { lookInto } from './postgres-database';
import { needProgram, runPostgres } from './postgres-program';
import { type PostgresUrl } from './postgres-url';

export interface PostgresBackup {
  readonly service: 'coordinator';
  readonly store: 'postgres';
  readonly file: string;
  readonly bytes: number;
}

/** Longer than a replica's longest transaction, and no reason to hold up a migration for ever. */
const LOCK_WAIT_MS = 60_000;

/**
 * Writes one consistent state of the coordinators' database to a file, while any number of them run: `pg_dump` reads
 * everything in one transaction (repeatable read, read only), so whatever was acknowledged before it began is in it.
 * Never overwrites a file.
 */
export async function backUpPostgres(database: PostgresUrl, file: string): Promise<PostgresBackup> {
  if (existsSync(file)) throw new Refusal(`${file} is there already`);
  const { server, schema } = await lookInto(database);
  if (schema === null) throw new Refusal('the database that DATABASE_URL names holds no coordinator');
  needProgram('pg_dump', server, database);
  makeDurably(file, (draft) => {
    // By their schema, so that the tables of a later release are in it too. Whoever restores it owns it.
    const tables = `--table="${schema.replaceAll('"', '""')}".*`;
    runPostgres(
      'pg_dump',
      [
        '--format=custom',
        '--compress=1',
        '--no-owner',
        '--no-privileges',
        '--no-password',
        `--lock-wait-timeout=${LOCK_WAIT_MS}`,
        tables,
        `--file=${draft}`,
      ],
      database,
    );
  });
  return { service: 'coordinator', store: 'postgres', file, bytes: statSync(file).size };
}
