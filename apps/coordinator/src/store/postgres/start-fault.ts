/** Why a database refuses the coordinator for good: told at the start, by setting. */
import { exitCodes, HostFault, isTlsCode } from '@secagg/host';
import { messageOf } from '../../error-message';

const SETTING = 'databaseUrl (DATABASE_URL)';

/** SQLSTATE codes (PostgreSQL documentation, Appendix A) that a person has to see to. */
const REFUSALS: readonly (readonly [code: RegExp, text: string])[] = [
  [/^3D000$/, 'the server has no such database'],
  [/^28.{3}$/, 'the server does not let this user in, not with this password or not from here'],
  [/^42501$/, 'the user lacks a right: it has to own the database, or to have CREATE on its schema public'],
  [/^3F000$/, 'the database has no schema for tables: CREATE SCHEMA public'],
];

/** Undefined for what may be over soon, and for bugs. Texts of the driver name hosts and users, never a password. */
export function databaseRefusal(error: unknown): HostFault | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
  const text = messageOf(error);
  const refusal = (why: string) => new HostFault(exitCodes.config, `${SETTING}: ${why} (${text})`, { cause: error });
  const known = REFUSALS.find(([pattern]) => code !== undefined && pattern.test(code));
  if (known) return refusal(known[1]);
  if (isTlsCode(code)) return refusal('the TLS certificate of the server is not believed; see sslrootcert');
  if (/does not support SSL/i.test(text)) return refusal('the URL asks for TLS, which the server does not speak');
  return undefined;
}

/** When it has not come back in time. */
export const databaseAway = (error: unknown): HostFault =>
  new HostFault(exitCodes.away, `${SETTING}: the database cannot be reached (${messageOf(error)})`, { cause: error });
