/**
 * Configuration: a JSON file named by SECAGG_CONFIG (fields as in config/schema.ts; relative paths are from the file's folder),
 * and environment variables, which win over it (relative paths are from the working directory):
 *   SECAGG_ID  SECAGG_HOST  SECAGG_PORT  SECAGG_DATA_DIR  DATABASE_URL  SECAGG_LEASE_MS  SECAGG_KEY_FILE  SECAGG_STORE_KEY_FILE  SECAGG_AUTHORITY_KEY_FILE
 *   SECAGG_POLICY_FILE  SECAGG_ROSTER_FILE  SECAGG_EPOCH_LIFETIME_MS  SECAGG_AUTO_EPOCHS (true or false)  SECAGG_SHUTDOWN_GRACE_MS  SECAGG_LOG_LEVEL
 * Clusters and timings stand in the file only. The store key itself may be given as SECAGG_STORE_KEY (libs/host), never in the file.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { exitCodes, HostFault } from '@secagg/host';
import { SecaggError, withoutNulls } from '@secagg/schema';
import { messageOf } from './error-message';
import { type Config, configSchema } from './config/schema';

export { type Config } from './config/schema';

type Environment = Readonly<Record<string, string | undefined>>;
type Reader = (text: string) => unknown;

const text: Reader = (value) => value;
const path: Reader = (value) => resolve(value);
const integer: Reader = (value) => (/^\d+$/.test(value) ? Number(value) : value);
const flag: Reader = (value) => ({ true: true, false: false })[value] ?? value;

const variables: Readonly<Record<string, readonly [field: keyof Config, read: Reader]>> = {
  SECAGG_ID: ['id', text],
  SECAGG_HOST: ['host', text],
  SECAGG_PORT: ['port', integer],
  SECAGG_DATA_DIR: ['dataDir', path],
  DATABASE_URL: ['databaseUrl', text],
  SECAGG_LEASE_MS: ['leaseMs', integer],
  SECAGG_KEY_FILE: ['keyFile', path],
  SECAGG_STORE_KEY_FILE: ['storeKeyFile', path],
  SECAGG_AUTHORITY_KEY_FILE: ['authorityKeyFile', path],
  SECAGG_POLICY_FILE: ['policyFile', path],
  SECAGG_ROSTER_FILE: ['rosterFile', path],
  SECAGG_EPOCH_LIFETIME_MS: ['epochLifetimeMs', integer],
  SECAGG_AUTO_EPOCHS: ['autoEpochs', flag],
  SECAGG_SHUTDOWN_GRACE_MS: ['shutdownGraceMs', integer],
  SECAGG_LOG_LEVEL: ['logLevel', text],
};
const pathFields = ['dataDir', 'keyFile', 'storeKeyFile', 'authorityKeyFile', 'policyFile', 'rosterFile'] as const;

/** What is wrong with the configuration, one line for each problem: for a person to read. */
export class ConfigError extends HostFault {
  constructor(message: string) {
    super(exitCodes.config, message);
  }
}

/** Throws ConfigError naming every field (and its variable) that is missing or out of range. */
export function readConfig(environment: Environment): Config {
  const merged: Record<string, unknown> = readFile(environment.SECAGG_CONFIG);
  for (const [name, [field, read]] of Object.entries(variables)) {
    const value = environment[name];
    if (value !== undefined && value !== '') merged[field] = read(value);
  }
  try {
    const result = configSchema.safeParse(merged);
    if (result.success) return result.data;
    throw new ConfigError(
      result.error.issues.map((issue) => `${nameOf(issue.path)}: ${whatOf(issue.message)}`).join('\n'),
    );
  } catch (error) {
    // Field options are checked where they are defined, by code that knows nothing of configurations.
    if (error instanceof SecaggError) throw new ConfigError(`clusters: ${error.message}`);
    throw error;
  }
}

const whatOf = (message: string): string => (message.endsWith('received undefined') ? 'is missing' : message);

function nameOf(issuePath: readonly PropertyKey[]): string {
  const [field] = issuePath;
  const variable = Object.entries(variables).find(([, entry]) => entry[0] === field)?.[0];
  const where = issuePath.length === 0 ? 'configuration' : issuePath.map(String).join('.');
  return variable ? `${where} (${variable})` : where;
}

/** Null is absent, however deep a field is. */
const CONFIG_DEPTH = 32;

function readFile(file: string | undefined): Record<string, unknown> {
  if (!file) return {};
  let value: unknown;
  try {
    value = withoutNulls(JSON.parse(readFileSync(file, 'utf8')), CONFIG_DEPTH);
  } catch (error) {
    throw new ConfigError(`cannot read the configuration file ${file}: ${messageOf(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigError(`${file} must hold a JSON object`);
  const fields = { ...value } as Record<string, unknown>;
  const folder = dirname(resolve(file));
  for (const field of pathFields) if (typeof fields[field] === 'string') fields[field] = resolve(folder, fields[field]);
  return fields;
}
