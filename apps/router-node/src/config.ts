/** Environment, over an optional JSON file, to a typed and validated configuration. Units are in the names. */
import { readFileSync } from 'node:fs';
import { exitCodes, HostFault } from '@secagg/host';
import { clusterHash, partyId, withoutNulls } from '@secagg/schema';
import { z } from 'zod';

/** Text of an environment variable, or the value itself from the file. */
const number = (schema: z.ZodNumber) =>
  z.preprocess((value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value), schema);
const flag = z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean());
const milliseconds = (least: number) => number(z.int().min(least).max(86_400_000));

const configSchema = z.strictObject({
  /** This router's id on the roster. */
  id: partyId,
  /** The cluster whose rounds it takes part in: an observation enters one cluster only. */
  cluster: clusterHash,
  coordinatorUrl: z.url({ protocol: /^https?$/ }),
  /** Certificate authorities (PEM file) for an `https` coordinator, where the system's do not apply. */
  coordinatorCaFile: z.string().optional(),
  host: z.string().min(1).default('127.0.0.1'),
  port: number(z.int().min(0).max(65535)).default(8500),
  dataDir: z.string().min(1),
  /** Ed25519 seed of this router, sealed under the store key or in the clear, mode 0600. */
  identityKeyFile: z.string().min(1),
  /** Ed25519 public key of the fleet authority, 32 bytes or as hexadecimal text. */
  authorityKeyFile: z.string().min(1),
  /** Key that secrets and observations on disk are sealed under, mode 0600; or SECAGG_STORE_KEY holds it. Needed to serve on the committee. */
  storeKeyFile: z.string().min(1).optional(),

  /** The unit this router's data is protected by; rounds with the other one are refused. */
  privacyUnit: z.enum(['router', 'request']).default('request'),
  /** Largest worst-case cost of one round, as zCDP rho. */
  maxRoundRho: number(z.number().positive().max(1000)).default(0.1),
  /** Privacy budget of this router's data over all clusters, as zCDP rho, in any window of `budgetWindowDays` (0: for ever). */
  budgetRho: number(z.number().positive().max(4000)).default(1),
  budgetWindowDays: number(z.int().min(0).max(36500)).default(30),
  /** Delta at which spent and remaining budget are shown as epsilon. */
  budgetDelta: number(z.number().gt(0).lt(1)).default(1e-6),
  /** Most requests of one requester that a round takes; without it there is no such limit. */
  requestsPerRequester: number(z.int().min(1).max(1_000_000_000)).optional(),
  /** Fewest routers per group whose noise must be counted on. */
  minHonestPerGroup: number(z.int().min(1).max(1_000_000)).default(2),
  /** Joins rounds without noise: for trials on data that needs no protection. */
  unsafeNoNoise: flag.default(false),

  maxObservations: number(z.int().min(1).max(100_000_000)).default(1_000_000),
  /** Observations that no round has taken are dropped after this time: their catalogue never came. */
  observationRetentionHours: number(z.int().min(1).max(87_600)).default(168),
  /** How long a poll waits at the coordinator. */
  pollWaitMs: milliseconds(0).default(25_000),
  /** Longest pause between attempts to reach the coordinator. */
  retryMaxMs: milliseconds(1).default(5_000),
  /** Longest random delay before sending, so that not all routers send at once; at most a tenth of the time there is. */
  sendSpreadMs: milliseconds(0).default(1_000),
  /** How long the secrets of an epoch stay after a newer one has replaced it or its end, for its last rounds. */
  epochGraceMs: milliseconds(1_000).default(600_000),
  /** How long a member still checks a round after its deadline. */
  lateRoundMs: milliseconds(1_000).default(3_600_000),
  /** Events of a journal after which a snapshot replaces them: fewer make a start faster and the steps slower. */
  eventsPerSnapshot: number(z.int().min(1).max(1_000_000)).default(512),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});
export type Config = z.infer<typeof configSchema>;

/** Environment variable of a setting: `coordinatorUrl` is SECAGG_COORDINATOR_URL. */
export const variableOf = (name: string): string =>
  `SECAGG_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/** The configuration is wrong; the message has one line for each setting. */
export class ConfigError extends HostFault {
  constructor(message: string) {
    super(exitCodes.config, message);
  }
}

/**
 * Settings from the JSON file named by SECAGG_CONFIG, overridden by SECAGG_* variables. Throws {@link ConfigError}.
 * Unknown settings in the file are refused; unknown variables are not this program's business.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const settings: Record<string, unknown> = { ...fileSettings(environment.SECAGG_CONFIG) };
  for (const name of Object.keys(configSchema.shape)) {
    const value = environment[variableOf(name)];
    if (value !== undefined && value !== '') settings[name] = value;
  }
  const result = configSchema.safeParse(settings);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const [name] = issue.path;
    if (name === undefined) return `  ${issue.message}`;
    const missing = settings[String(name)] === undefined;
    return `  ${String(name)} (${variableOf(String(name))}): ${missing ? 'is missing' : issue.message}`;
  });
  throw new ConfigError(`the configuration is not valid:\n${lines.join('\n')}`);
}

/** Null is absent, however deep a setting is. */
const CONFIG_DEPTH = 32;

function fileSettings(path: string | undefined): object {
  if (!path) return {};
  let value: unknown;
  try {
    value = withoutNulls(JSON.parse(readFileSync(path, 'utf8')), CONFIG_DEPTH);
  } catch (error) {
    throw new ConfigError(
      `SECAGG_CONFIG: ${path} cannot be read as JSON: ${error instanceof Error ? error.message : 'unknown error'}`,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigError(`SECAGG_CONFIG: ${path} must hold a JSON object`);
  return value;
}
