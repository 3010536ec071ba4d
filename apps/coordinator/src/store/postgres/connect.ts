/** Connections to PostgreSQL: their limits, and the one place where its types become ours. */
import { SecaggError } from '@secagg/schema';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { type Tables } from '../tables';

const INT8 = 20;
const BYTEA = 17;

/** Throws `internal` past 2^53: nothing here counts that far. */
function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new SecaggError('internal', 'the database has an integer past 2^53');
  return value;
}

/**
 * As the driver reads it, on memory of its own: many small values would otherwise keep one large block alive, and a
 * Buffer is no plain Uint8Array.
 */
const bytesOf = (text: string): Uint8Array => {
  const parse = pg.types.getTypeParser(BYTEA) as (text: string) => Buffer;
  const buffer = parse(text);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
};

const getTypeParser = ((oid: number, format?: 'text') => {
  if (oid === INT8) return safeInteger;
  return oid === BYTEA ? bytesOf : (pg.types.getTypeParser(oid, format) as unknown);
}) as typeof pg.types.getTypeParser;

/** A server that takes longer is as good as away: requests are told to come again. All in milliseconds. */
const CONNECT_TIMEOUT_MS = 3000;
const STATEMENT_TIMEOUT_MS = 20_000;
const LOCK_TIMEOUT_MS = 5000;
/** A process that stands still inside a transaction holds everybody up: the server ends its session. */
const IDLE_IN_TRANSACTION_MS = 10_000;

export const clientOptions = (url: string): pg.ClientConfig => ({
  connectionString: url,
  application_name: 'secagg-coordinator',
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  query_timeout: STATEMENT_TIMEOUT_MS + 1000,
  statement_timeout: STATEMENT_TIMEOUT_MS,
  lock_timeout: LOCK_TIMEOUT_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  keepAlive: true,
  types: { getTypeParser },
});

/** @param limits other time limits than the usual ones */
export function openPool(url: string, connections: number, limits: pg.ClientConfig = {}): pg.Pool {
  const pool = new pg.Pool({
    ...clientOptions(url),
    ...limits,
    max: connections,
    // pg-pool waits for it, though its types do not say so.
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    onConnect: makeCommitsDurable,
    Client: Session,
  });
  // A connection that is lost while nobody uses it is replaced when somebody needs one. One that is lost between two
  // queries of a transaction says so by an event too; the next query fails, and that is where it is dealt with.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  // The pool drops a client that is ending, however it was returned.
  pool.on('release', (_error, client) => {
    if (client instanceof Session && !client.isUsable) void client.end().catch(() => undefined);
  });
  return pool;
}

/** A connection that notices when it is of no more use, as after its server has failed over to another one. */
class Session extends pg.Client {
  isUsable = true;

  override query(...args: unknown[]): never {
    const result = (super.query as (...args: unknown[]) => unknown)(...args);
    if (result instanceof Promise)
      result.catch((error: unknown) => {
        if (endsSession(error)) this.isUsable = false;
      });
    return result as never;
  }
}

/**
 * SQLSTATE codes after which a session is of no use although a new one may be: its server only reads (25006), was shut
 * down, has crashed or ended the session (57P01 to 57P05), or the connection failed (class 08). PostgreSQL
 * documentation, Appendix A. The driver's own time limit has no code: the server may never answer on that connection.
 */
function endsSession(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    /^(25006|57P0[1-5]|08.{3})$/.test(String((error as { code?: unknown }).code)) || /read timeout/.test(error.message)
  );
}

/**
 * Where a server acknowledges commits before they are on disk, these sessions do not. Stricter settings
 * (`remote_apply`) stay.
 */
async function makeCommitsDurable(client: { query(text: string): Promise<unknown> }): Promise<void> {
  await client.query(
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')",
  );
}

export const kyselyOn = (pool: pg.Pool): Kysely<Tables> =>
  new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
