/** What can be said of DATABASE_URL without connecting. */
import { exitCodes, HostFault, readCertificates, readPublicFile } from '@secagg/host';
import pg from 'pg';

/** Throws a HostFault, which repeats nothing of the URL: any part of a mistyped one may be of the password. */
export function checkDatabaseUrl(setting: string, url: string): void {
  const refuse = (why: string): never => {
    throw new HostFault(exitCodes.config, `${setting}: ${why}`);
  };
  if (!URL.canParse(url))
    refuse('cannot be read as a URL; in a password / ? # % and @ are percent-encoded, as %2F %3F %23 %25 %40');
  const parameters = new URL(url).searchParams;
  for (const name of ['sslrootcert', 'sslcert', 'sslkey']) {
    const path = parameters.get(name);
    if (!path || path === 'system') continue;
    if (name === 'sslkey') readPublicFile(`${setting}, ${name}`, path);
    else readCertificates(`${setting}, ${name}`, path);
  }
  try {
    new pg.Client({ connectionString: url });
  } catch {
    // The driver's message may show parts of the URL.
    refuse('cannot be used: is it percent-encoded, and are its parameters those of PostgreSQL?');
  }
}
