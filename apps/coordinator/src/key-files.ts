/** Keys and signed documents that the coordinator starts with. All errors name setting and file. */
import { randomFillSync } from 'node:crypto';
import { atRest, identityPublicKey, wipe } from '@secagg/crypto';
import { Faults, type IdentityFile, readIdentityFile, readPublicFile, readPublicKey, takeStoreKey } from '@secagg/host';
import { type FleetDocuments, verifyFleet } from '@secagg/protocol';
import {
  type Bytes,
  type FreshnessProof,
  freshnessProofMessage,
  type Message,
  SecaggError,
  type Signed,
  signedMessage,
} from '@secagg/schema';
import { type Config, ConfigError, named } from './config';
import { checkDatabaseUrl } from './store/postgres/database-url';

export interface StartFiles {
  readonly identity: IdentityFile;
  readonly authorityKey: Bytes;
  /** For the first start, or newer ones; undefined when no files are configured. */
  readonly documents: FleetDocuments | undefined;
  readonly freshness: FreshnessProof | undefined;
}

/**
 * Everything that the configuration names, read and checked as far as that is possible without the database.
 * @param environment may hold the store key, and it is removed from there
 * @param warn told what does not keep the process from starting
 * Throws one fault with all that is wrong.
 */
export async function readStartFiles(
  config: Config,
  environment: Record<string, string | undefined>,
  warn: (problem: string) => void = () => undefined,
): Promise<StartFiles> {
  const faults = new Faults();
  const identity = await faults.attempt(() => readIdentity(config, environment, warn));
  const authorityKey = await faults.attempt(() => readPublicKey(named('authorityKeyFile'), config.authorityKeyFile));
  const documents = await faults.attempt(() => readFleetFiles(config.policyFile, config.rosterFile));
  const freshness = await faults.attempt(() => readFreshnessFile(config.freshnessFile));
  if (authorityKey && documents) await faults.attempt(() => checkAuthority(authorityKey, documents));
  const { databaseUrl } = config;
  if (databaseUrl !== undefined) await faults.attempt(() => checkDatabaseUrl(named('databaseUrl'), databaseUrl));
  faults.raise();
  return { identity: identity as IdentityFile, authorityKey: authorityKey as Bytes, documents, freshness };
}

async function readIdentity(
  { id, identityKeyFile, storeKeyFile, groupAccess }: Config,
  environment: Record<string, string | undefined>,
  warn: (problem: string) => void,
): Promise<IdentityFile> {
  const storeKey = takeStoreKey(environment, named('storeKeyFile'), storeKeyFile, groupAccess, warn);
  try {
    const sealing = storeKey && (await atRest(storeKey, (length) => randomFillSync(new Uint8Array(length))));
    return readIdentityFile(named('identityKeyFile'), identityKeyFile, id, sealing, groupAccess);
  } finally {
    wipe(storeKey);
  }
}

export function readFleetFiles(
  policyFile: string | undefined,
  rosterFile: string | undefined,
): FleetDocuments | undefined {
  if (policyFile === undefined && rosterFile === undefined) return undefined;
  if (policyFile === undefined || rosterFile === undefined)
    throw new ConfigError(`${named('policyFile')} and ${named('rosterFile')} go together`);
  return { policy: readSigned('policyFile', policyFile), roster: readSigned('rosterFile', rosterFile) };
}

export const readFreshnessFile = (file: string | undefined): FreshnessProof | undefined =>
  file === undefined ? undefined : readMessage('freshnessFile', file, freshnessProofMessage);

const readSigned = (field: 'policyFile' | 'rosterFile', path: string): Signed =>
  readMessage(field, path, signedMessage);

function readMessage<T>(field: keyof Config, path: string, message: Message<T>): T {
  const content = readPublicFile(named(field), path);
  try {
    return message.decode(content);
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    throw new ConfigError(`${named(field)}: ${path} is no signed document: ${error.message}`);
  }
}

function checkAuthority(authorityKey: Bytes, documents: FleetDocuments): void {
  try {
    verifyFleet(authorityKey, documents);
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    const key = error.code === 'bad_signature' ? ` (the key is that of ${named('authorityKeyFile')})` : '';
    throw new ConfigError(`${named('policyFile')}, ${named('rosterFile')}: ${error.code}: ${error.message}${key}`);
  }
}

/** For a start on an empty database. */
export const withoutDocuments = (): ConfigError =>
  new ConfigError(
    `${named('policyFile')}, ${named('rosterFile')}: the first start needs both, signed by the fleet authority`,
  );

/** Throws ConfigError unless the roster has this key under this id, as a coordinator. */
export function checkIdentity(
  certificate: { public_key: Bytes; roles: readonly string[] } | undefined,
  id: string,
  secretKey: Bytes,
): void {
  if (!certificate) throw new ConfigError(`${named('id')}: the roster has no certificate of ${id}`);
  if (!certificate.roles.includes('coordinator'))
    throw new ConfigError(`${named('id')}: the certificate of ${id} does not carry the role coordinator`);
  if (Buffer.compare(certificate.public_key, identityPublicKey(secretKey)) !== 0)
    throw new ConfigError(`${named('identityKeyFile')}: the key does not belong to the certificate of ${id}`);
}
