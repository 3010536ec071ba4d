/** What a database on PostgreSQL holds, before anything is done to it. */
import pg from 'pg';
import { Refusal } from '../output';
import { type PostgresUrl } from './postgres-url';

export interface PostgresDatabase {
  /** First number of the server's version. */
  readonly server: number;
  /** Where the coordinator's tables are; null where there are none. */
  readonly schema: string | null;
  /** Where tables would be made that name no schema. */
  readonly currentSchema: string | null;
  /**
   * Tables, views, sequences, functions, enums, domains and ranges that are neither PostgreSQL's nor of an extension.
   */
  readonly objects: number;
  /** Whether the server acknowledges commits before they are on disk. */
  readonly acknowledgesEarly: boolean;
}

const CONNECT_TIMEOUT_MS = 10_000;
const QUERY_TIMEOUT_MS = 30_000;

/**
 * @param which what counts: indexes, row types and array types come and go with what they belong to, which may be of an
 * extension
 */
const own = (catalog: string, namespace: string, which = 'true'): string => `
  SELECT 1 FROM ${catalog} AS object JOIN pg_namespace AS space ON space.oid = object.${namespace}
  WHERE space.nspname NOT IN ('pg_catalog', 'information_schema') AND space.nspname !~ '^pg_(toast|temp)' AND ${which}
    AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = '${catalog}'::regclass AND objid = object.oid AND deptype = 'e')`;

const question = `
  SELECT
    current_setting('server_version_num')::int / 10000 AS server,
    (SELECT space.nspname::text FROM pg_class AS journal JOIN pg_namespace AS space ON space.oid = journal.relnamespace
      WHERE journal.oid = to_regclass('journal') AND to_regclass('schema_migrations') IS NOT NULL) AS schema,
    current_schema()::text AS current_schema,
    (SELECT count(*)::int FROM (${own('pg_class', 'relnamespace', "relkind NOT IN ('i', 'I')")}
      UNION ALL ${own('pg_proc', 'pronamespace')}
      UNION ALL ${own('pg_type', 'typnamespace', "typtype IN ('e', 'd', 'r')")}) AS objects) AS objects,
    current_setting('synchronous_commit') IN ('off', 'local') AS acknowledges_early`;

/** Throws a `Refusal` when the database does not answer. */
export const lookInto = (database: PostgresUrl): Promise<PostgresDatabase> =>
  connected(database, async (client) => {
    const [row] = (
      await client.query<{
        server: number;
        schema: string | null;
        current_schema: string | null;
        objects: number;
        acknowledges_early: boolean;
      }>(question)
    ).rows;
    return {
      server: row.server,
      schema: row.schema,
      currentSchema: row.current_schema,
      objects: row.objects,
      acknowledgesEarly: row.acknowledges_early,
    };
  });

/** Durable when it resolves. Throws a `Refusal` when the database does not take it. */
export const writeTo = (database: PostgresUrl, statements: string): Promise<void> =>
  connected(database, async (client) => {
    await client.query(`BEGIN; SET LOCAL synchronous_commit = on; ${statements}; COMMIT`);
  });

async function connected<T>({ url, withoutPassword }: PostgresUrl, use: (client: pg.Client) => Promise<T>): Promise<T> {
  try {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'secagg-backup',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    // One that is lost while nothing is asked says so by an event.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await use(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  } catch (error) {
    throw new Refusal(`the database that DATABASE_URL names cannot be used: ${withoutPassword(reasonOf(error))}`);
  }
}

/** Of a host with several addresses, each has its own. */
const reasonOf = (error: unknown): string =>
  error instanceof AggregateError
    ? error.errors.map(reasonOf).join('; ')
    : error instanceof Error
      ? error.message
      : String(error);
