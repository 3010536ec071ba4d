/**
 * The database of a coordinator on PostgreSQL, as `DATABASE_URL` names it, for this process and for PostgreSQL's own
 * programs.
 */
import { Refusal } from '../output';

export interface PostgresUrl {
  readonly url: string;
  /** Environment of `pg_dump` and `pg_restore`: what is in a command line is seen by everybody on the machine. */
  readonly environment: Readonly<Record<string, string>>;
  /** A message of the server, without the password, should it ever hold it. */
  withoutPassword(message: string): string;
}

/** Parameters of the URL, and what libpq calls them. */
const parameters: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  port: 'PGPORT',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  application_name: 'PGAPPNAME',
  options: 'PGOPTIONS',
};

/**
 * The coordinator's driver takes them from the environment too. Settings that could lead to another database than the
 * URL's are not among them.
 */
const inherited = [
  'PATH',
  'HOME',
  'PGHOST',
  'PGPORT',
  'PGUSER',
  'PGPASSWORD',
  'PGPASSFILE',
  'PGDATABASE',
  'PGSSLMODE',
  'PGSSLROOTCERT',
  'PGSSLCERT',
  'PGSSLKEY',
];

/** Throws a `Refusal`, which shows nothing of the URL: any part of a mistyped one may be of the password. */
export function postgresUrl(environment: Readonly<Record<string, string | undefined>>): PostgresUrl {
  const url = environment.DATABASE_URL;
  if (url === undefined || url === '')
    throw new Refusal('DATABASE_URL is not set: it names the database of the coordinator');
  const named = namedBy(url);
  const kept = inherited.flatMap((name) =>
    environment[name] === undefined ? [] : [[name, environment[name]] as const],
  );
  const whole: Record<string, string> = { ...Object.fromEntries(kept), ...named, LC_ALL: 'C', TZ: 'UTC' };
  const passwords = [whole.PGPASSWORD ?? '', parsed(url).password].filter((text) => text !== '');
  return {
    url,
    environment: whole,
    withoutPassword: (message) =>
      passwords.reduce((text, password) => text.replaceAll(password, '(password)'), message),
  };
}

function parsed(url: string): URL {
  try {
    const found = new URL(url);
    if (['postgres:', 'postgresql:'].includes(found.protocol)) return found;
  } catch {
    // The error would show the URL.
  }
  throw new Refusal('DATABASE_URL is no postgres:// URL');
}

function namedBy(url: string): Record<string, string> {
  const { hostname, port, username, password, pathname, searchParams } = parsed(url);
  try {
    const parts = {
      PGHOST: hostname.replace(/^\[(.*)\]$/, '$1'),
      PGPORT: port,
      PGUSER: username,
      PGPASSWORD: password,
      PGDATABASE: pathname.slice(1),
    };
    const given = Object.entries(parts)
      .filter(([, text]) => text !== '')
      .map(([name, text]) => [name, decodeURIComponent(text)]);
    return { ...Object.fromEntries(given), ...settings(searchParams) } as Record<string, string>;
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal('DATABASE_URL is not percent-encoded as a URL has to be');
  }
}

function settings(searchParams: URLSearchParams): Record<string, string> {
  const { uselibpqcompat, ...given } = Object.fromEntries(searchParams);
  const known = Object.entries(given).map(([name, value]) => {
    if (!Object.hasOwn(parameters, name))
      throw new Refusal(
        `DATABASE_URL has a parameter other than ${Object.keys(parameters).join(', ')} and uselibpqcompat`,
      );
    return [parameters[name], name === 'sslmode' && uselibpqcompat !== 'true' ? sslModeOf(value) : value];
  });
  return Object.fromEntries(known) as Record<string, string>;
}

/**
 * The coordinator's driver judges certificates more strictly than libpq does under the same name; a backup is no less
 * careful.
 */
const sslModeOf = (mode: string): string =>
  mode === 'disable' ? mode : mode === 'no-verify' ? 'require' : 'verify-full';
