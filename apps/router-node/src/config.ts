/** The router-node's configuration: what there is, with units in the names. How it is read is in libs/host. */
import { parseServiceUrl } from '@secagg/client';
import {
  ConfigError,
  type Environment,
  hostNames,
  listenHost,
  readSettings,
  type ReadSettings,
  type SettingMeta,
  settingName,
} from '@secagg/host';
import { limitsSchema } from '@secagg/http';
import { clusterHash, partyId, SecaggError, taskSchema } from '@secagg/schema';
import { z } from 'zod';

export { ConfigError };

/** A field as messages name it. */
export const named = (field: keyof Config): string => settingName(field);

const count = (least: number, most: number) => z.int().min(least).max(most);
const milliseconds = (least: number) => count(least, 86_400_000);
const about = (description: string, meta: SettingMeta = {}) => ({ description, ...meta });
const attribute = z.string().min(1).max(256);
const path = (description: string) =>
  z
    .string()
    .min(1)
    .meta(about(description, { kind: 'path' }));

const settings = z.strictObject({
  id: partyId.meta(about("this router's id on the roster")),
  cluster: clusterHash.meta(
    about('hash of the cluster whose rounds it takes part in: its observations enter this one only'),
  ),
  coordinatorUrl: z
    .string()
    .superRefine((text, context) => {
      try {
        parseServiceUrl(text);
      } catch (error) {
        if (!(error instanceof SecaggError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
      }
    })
    .meta(
      about(
        'http(s)://[user:password@]host[:port][/prefix]; credentials are sent as Basic authentication, never logged',
        {
          kind: 'secret',
        },
      ),
    ),
  coordinatorCaFile: path(
    "certificate authorities in PEM for an https coordinator, where the system's do not apply",
  ).optional(),
  host: listenHost.default('127.0.0.1').meta(about('address that it listens on; without tokenFile keep it local')),
  port: count(0, 65535).default(8500).meta(about('0: any free port')),
  socketPath: path('Unix socket that it listens on, for owner and group, instead of host and port').optional(),
  allowedHosts: hostNames
    .default([])
    .meta(about('names that it may be called by besides localhost, its host and IP addresses; *: any')),
  tokenFile: path(
    'bearer token that callers must show, at least 16 characters, mode 0600 or 0400; probes of /healthz and /readyz, with all below it, need none',
  ).optional(),
  dataDir: path('folder of its databases, for one process at a time'),
  identityKeyFile: path('Ed25519 seed: sealed under the store key, or 32 bytes or hexadecimal; mode 0600 or 0400'),
  authorityKeyFile: path('Ed25519 public key of the fleet authority: 32 bytes or hexadecimal'),
  documentsDir: path(
    'folder in which policy.cbor, roster.cbor and freshness.cbor are looked for, besides asking the coordinator: as the folder of the authority has them',
  ).optional(),
  storeKeyFile: path(
    'what secrets and observations on disk are sealed under: 32 bytes or hexadecimal, mode 0600 or 0400; or SECAGG_STORE_KEY holds it. Needed to serve on the committee',
  ).optional(),

  privacyUnit: z
    .enum(['router', 'request'])
    .default('request')
    .meta(about("unit that this router's data is protected by; rounds with the other one are refused")),
  maxRoundRho: z
    .number()
    .positive()
    .max(1000)
    .default(0.1)
    .meta(about('largest worst-case cost of a round, as zCDP rho')),
  budgetRho: z
    .number()
    .positive()
    .max(4000)
    .default(1)
    .meta(about("budget of this router's data over all clusters, as zCDP rho, in any window of budgetWindowDays")),
  budgetProtects: z
    .enum(['window', 'event'])
    .default('window')
    .meta(
      about(
        'what the budget is held to: all rounds of the window together, or the rounds that one request enters; `event` counts where the fleet policy has it as well, and with privacyUnit `request` only',
      ),
    ),
  budgetWindowDays: count(0, 36_500).default(30).meta(about('days of the window that budgetRho is for; 0: for ever')),
  budgetDelta: z
    .number()
    .gt(0)
    .lt(1)
    .default(1e-6)
    .meta(about('delta at which spent and left budget are shown as epsilon; nothing is decided by it')),
  requestsPerRequester: count(1, 1_000_000_000)
    .meta(
      about('most requests of one requester that a round takes, the others wait; by default there is no such limit'),
    )
    .optional(),
  minHonestPerGroup: count(1, 1_000_000)
    .default(2)
    .meta(about('fewest routers of a group whose noise must be counted on: its minimum less assumed colluders')),
  unsafeNoNoise: z
    .boolean()
    .default(false)
    .meta(about('joins rounds without noise: for trials on data that needs no protection')),

  limits: limitsSchema({
    // The router's own software is the one caller.
    perAddressPerSecond: 1_000_000,
    perAddressBurst: 10_000_000,
    bodyBytes: 256 * 1024 * 1024,
  }),
  maxObservations: count(1, 100_000_000).default(1_000_000).meta(about('most observations that may wait for a round')),
  maxUnlistedObservations: count(0, 100_000_000)
    .default(10_000)
    .meta(about('most of them, beside the others, of keys that the last catalogue lacks; more are not kept')),
  maxRequestsPerRound: count(1, 1_000_000)
    .default(50_000)
    .meta(
      about(
        'most requests that a round takes, whatever it allows: each adds 0.2 ms to the time before this router sends',
      ),
    ),
  prepareMs: milliseconds(0)
    .default(2_000)
    .meta(
      about('least time between an announcement and the contribution, beside what the size of the round adds to it'),
    ),
  observationRetentionHours: count(1, 87_600)
    .default(168)
    .meta(about('observations that no round has taken are dropped after this time: their catalogue never came')),
  requestWindowHours: count(1, 8760)
    .default(24)
    .meta(
      about(
        'how long the name of a reported request is known: the same one is not counted again, and a score that comes by itself finds it',
      ),
    ),
  aliasesFile: path(
    'JSON file with what the fleet calls models and tasks that the software of this router calls otherwise: { "models": { "gpt-4o-*": "gpt-4o" }, "tasks": {} }',
  ).optional(),
  defaultTask: taskSchema
    .default('general')
    .meta(about('task of requests from LiteLLM and OpenTelemetry that name none')),
  taskAttribute: attribute
    .default('secagg.task')
    .meta(about('attribute of OpenTelemetry spans that holds the task; gen_ai.prompt.name where it is not there')),
  requesterAttribute: attribute
    .meta(
      about('attribute of OpenTelemetry spans that says who sent a request, where litellm.end_user.id is not there'),
    )
    .optional(),
  evaluation: attribute
    .meta(
      about(
        'name of the only OpenTelemetry evaluation whose scores count as quality; by default those of every one do',
      ),
    )
    .optional(),
  priorHalfLifeHours: count(1, 87_600).default(72).meta(about('age at which an observation counts half in priors')),
  priorAgeLimitHours: count(1, 87_600)
    .default(168)
    .meta(about('age past which an observation counts in priors only where there is none that is newer')),
  priorMinRequests: count(0, 1_000_000).default(10).meta(about('requests that a prior must be worth to be usable')),
  pollWaitMs: milliseconds(0).default(25_000).meta(about('how long a poll waits at the coordinator')),
  retryMaxMs: milliseconds(1).default(5_000).meta(about('longest pause between attempts to reach the coordinator')),
  sendSpreadMs: milliseconds(0)
    .default(1_000)
    .meta(
      about(
        'longest random delay before sending, so that not all routers send at once; at most a tenth of the time there is',
      ),
    ),
  epochGraceMs: milliseconds(1_000)
    .default(600_000)
    .meta(
      about('how long the secrets of an epoch stay after a newer one has replaced it or its end, for its last rounds'),
    ),
  lateRoundMs: milliseconds(1_000)
    .default(3_600_000)
    .meta(about('how long after its deadline a member still checks a round')),
  eventsPerSnapshot: count(1, 1_000_000)
    .default(512)
    .meta(about('events of a journal that a snapshot replaces: fewer make a start faster and the steps slower')),
  groupAccess: z
    .boolean()
    .default(false)
    .meta(
      about(
        "the group of a file may read keys, and read and write databases, as with Kubernetes' fsGroup; others never",
      ),
    ),
  logLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .meta(about('least severe lines that are logged')),
});

export const configSchema = settings.refine(
  ({ budgetProtects, privacyUnit }) => budgetProtects !== 'event' || privacyUnit === 'request',
  {
    path: ['budgetProtects'],
    error:
      'event goes with privacyUnit request only: a router is in every round, so that what protects one round of it protects nothing that lasts',
  },
);
export type Config = z.infer<typeof configSchema>;

export const readConfiguration = (environment: Environment): ReadSettings<Config> =>
  readSettings(configSchema, environment);

/** Throws {@link ConfigError} naming every field (and its variable) that is missing, unknown or out of range. */
export const readConfig = (environment: Environment): Config => readConfiguration(environment).config;
