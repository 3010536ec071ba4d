/** PostgreSQL's own programs, which know best how its databases are written down. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { Refusal } from '../output';
import { type PostgresUrl } from './postgres-url';

export type Program = 'pg_dump' | 'pg_restore';

const LARGEST_OUTPUT = 16 * 1024 * 1024;

/**
 * Runs it to its end and returns what it wrote. Throws a `Refusal` when it is missing or fails, with what it said.
 * @param options more settings of its session
 */
export function runPostgres(program: Program, args: readonly string[], database: PostgresUrl, options = ''): string {
  const environment = { ...database.environment, PGOPTIONS: `${database.environment.PGOPTIONS ?? ''} ${options}` };
  const ended = spawnSync(program, args, {
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: LARGEST_OUTPUT,
  });
  if (ended.error && (ended.error as NodeJS.ErrnoException).code === 'ENOENT')
    throw new Refusal(`${program} is not on PATH: install PostgreSQL's client programs`);
  if (ended.status !== 0) throw new Refusal(`${program} failed: ${database.withoutPassword(whyItFailed(ended))}`);
  return ended.stdout;
}

const whyItFailed = ({ error, signal, stderr }: SpawnSyncReturns<string>): string => {
  if (error) return error.message;
  return stderr.trim() || `it ended with ${signal ?? 'no word'}`;
};

/**
 * Throws a `Refusal` when the program is missing or older than the server: it would not know everything that the server
 * has.
 */
export function needProgram(program: Program, server: number, database: PostgresUrl): void {
  const said = runPostgres(program, ['--version'], database).trim();
  const version = Number(/\) (\d+)/.exec(said)?.[1]);
  if (!(version >= server))
    throw new Refusal(`${program} is older than the server, which is PostgreSQL ${server}: ${said}`);
}
