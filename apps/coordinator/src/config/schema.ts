/** The configuration file, field by field. Durations are in milliseconds and say so in their names. */
import { epsilonToRho, rhoToBudgetUnits } from '@secagg/dp-noise';
import { hostNames, listenHost, type SettingMeta } from '@secagg/host';
import { MIN_ROBUST_GROUPS } from '@secagg/protocol';
import { limitsSchema } from '@secagg/http';
import {
  clusterHash,
  combination,
  type Combination,
  defaultFields,
  type FieldSpec,
  isStrictlyIncreasing,
  MAX_LAYOUT_KEYS,
  partyId,
  SecaggError,
  signalKeySchema,
  DEFAULT_TASKS,
  joinKey,
  modelSchema,
  taskSchema,
} from '@secagg/schema';
import { z } from 'zod';
import { type ClusterPlan } from '../rounds/start-round';
import { type TriggeredCluster } from '../rounds/triggers';

const count = (min: number, max: number) => z.int().min(min).max(max);
const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;

const fieldOptions = z.strictObject({
  unitsPerRequest: count(16, 2 ** 30).optional(),
  latencyBoundSeconds: z.number().positive().optional(),
  costBoundUsdPerToken: z.number().positive().optional(),
  weights: z
    .partialRecord(
      z.enum(['samples', 'successes', 'latency', 'quality', 'quality_samples', 'cost', 'cost_samples']),
      z.number().positive(),
    )
    .optional(),
  quality: z.boolean().optional(),
  cost: z.boolean().optional(),
});

/** Options that the layout refuses, it refuses with an error of its own. */
function fieldsOf(options: z.output<typeof fieldOptions>, context: z.RefinementCtx): FieldSpec[] {
  try {
    return defaultFields(options);
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    context.addIssue({ code: 'custom', message: error.message, path: ['fields'] });
    return z.NEVER;
  }
}

interface Numbers {
  readonly minParticipantsPerGroup: number;
  readonly maxParticipants: number;
  readonly groups: number;
  readonly combination: Combination;
  readonly sendDelayMs: number;
  readonly durationMs: number;
  readonly privacy: { readonly assumedColluders?: number };
}

/**
 * Numbers that no policy could make fit each other. What the policy asks for is checked against the policy
 * (rounds/plan-problems.ts).
 */
function checkNumbers(plan: Numbers, context: z.RefinementCtx): void {
  const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  const { minParticipantsPerGroup: least, maxParticipants: most, groups, combination: how, privacy: terms } = plan;
  if (least * groups > most)
    refuse(['maxParticipants'], `${groups} groups of minParticipantsPerGroup ${least} need ${least * groups}`);
  if (how !== 'sum' && groups < MIN_ROBUST_GROUPS)
    refuse(['groups'], `a ${how} needs at least ${MIN_ROBUST_GROUPS}: of fewer nobody can tell which one lies`);
  if ((terms.assumedColluders ?? 0) >= least)
    refuse(['privacy', 'assumedColluders'], `leaves no honest router in groups of ${least}`);
  if (plan.sendDelayMs >= plan.durationMs)
    refuse(['sendDelayMs'], `must be below durationMs, which is ${plan.durationMs}`);
}

const cost = { epsilon: z.number().positive().max(1000).optional(), rho: z.number().positive().max(1000).optional() };

/** How much of what the cluster's ledger has left the next round may cost. */
const allocation = z.discriminatedUnion('kind', [
  /** The same every round, until the budget is used up. */
  z
    .strictObject({ kind: z.literal('fixed'), ...cost })
    .refine(({ epsilon, rho }) => (epsilon === undefined) !== (rho === undefined), {
      error: 'give either epsilon or rho',
    }),
  /**
   * What is left over the rounds that are left of `rounds` in the window; what more routers than the minimum save is
   * spread over them.
   */
  z.strictObject({
    kind: z.literal('horizon'),
    rounds: count(1, 100_000_000),
    /** Routers that usually contribute, per group; by default the minimum. */
    expectedParticipants: count(1, 1_000_000).optional(),
  }),
  /** numerator/denominator of what is left. */
  z
    .strictObject({ kind: z.literal('decay'), numerator: count(1, 1_000_000), denominator: count(1, 1_000_000) })
    .refine(({ numerator, denominator }) => numerator <= denominator, { error: 'a fraction of at most 1' }),
]);

const privacy = z
  .strictObject({
    unit: z.enum(['router', 'request']).default('request'),
    /**
     * L2 bound of a router's whole vector in integer units; needed with unit `router`, without meaning for `request`.
     */
    routerClipNorm: count(1, 2 ** 47).optional(),
    /**
     * Cost of a round: epsilon at `deltaInverse`, zCDP rho (`unsafe-none` for no noise and no claim), or an allocation
     * of the budget.
     */
    epsilon: cost.epsilon,
    rho: z.union([z.number().positive().max(1000), z.literal('unsafe-none')]).optional(),
    allocation: allocation.optional(),
    /** By default what the fleet policy asks for. */
    assumedColluders: count(0, 1_000_000).optional(),
    /** delta = 1 / deltaInverse. */
    deltaInverse: count(2, Number.MAX_SAFE_INTEGER).default(1_000_000),
  })
  .refine(
    ({ epsilon, rho, allocation: allocated }) =>
      [epsilon, rho, allocated].filter((value) => value !== undefined).length === 1,
    { error: 'give one of epsilon, rho and allocation' },
  )
  .refine(({ unit, routerClipNorm }) => (unit === 'router') === (routerClipNorm !== undefined), {
    error: 'routerClipNorm goes with unit `router`, and only with it',
  });

const trigger = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('manual') }),
  z.strictObject({
    kind: z.literal('interval'),
    everyMs: count(100, 30 * DAY_MS),
    /** Left out in a row at most after rounds that gave nothing. */
    maxSkippedIntervals: count(0, 1000).default(3),
    spreadBudget: z.boolean().default(true),
  }),
  z.strictObject({
    kind: z.literal('waiting'),
    routers: count(1, 1_000_000),
    atMostEveryMs: count(0, 30 * DAY_MS).default(1000),
  }),
]);

const cluster = z
  .strictObject({
    cluster: clusterHash,
    /** Catalogue of `model:task` keys; the order does not matter here. */
    keys: z.array(signalKeySchema).min(1).max(MAX_LAYOUT_KEYS).optional(),
    /** In place of keys: each of these models at each of the tasks. */
    models: z.array(modelSchema).min(1).max(MAX_LAYOUT_KEYS).optional(),
    tasks: z.array(taskSchema).min(1).max(MAX_LAYOUT_KEYS).optional(),
    fields: fieldOptions.default({}),
    maxRequestsPerRouter: count(1, 2 ** 30).default(10_000),
    minParticipantsPerGroup: count(1, 1_000_000),
    maxParticipants: count(1, 1_000_000),
    groups: count(1, 1024).default(1),
    /**
     * How the groups' results become one; `median` and `trimmed-mean` withstand lying routers and need several groups.
     */
    combination: combination.default('sum'),
    privacy,
    /** From the announcement until routers send: time to draw the noise. */
    sendDelayMs: count(0, DAY_MS).default(200),
    /** From the announcement to the deadline for contributions. */
    durationMs: count(1, 7 * DAY_MS).default(30_000),
    trigger: trigger.default({ kind: 'manual' }),
  })
  .superRefine(checkNumbers)
  .transform(
    (
      {
        trigger: when,
        keys,
        models,
        tasks,
        fields,
        privacy: { epsilon, rho, allocation: allocated, ...terms },
        ...plan
      },
      context,
    ): TriggeredCluster => ({
      trigger: when,
      plan: {
        ...plan,
        keys: catalogueOf({ keys, models, tasks }, context),
        fields: fieldsOf(fields, context),
        privacy: { ...terms, ...roundCost({ epsilon, rho, allocation: allocated }, 1 / terms.deltaInverse) },
      },
    }),
  )
  .refine(({ plan }) => isStrictlyIncreasing(plan.keys), { error: 'a key is there twice', path: ['keys'] });

/** Throws nothing: what is wrong becomes an issue. */
function catalogueOf(
  { keys, models, tasks }: { keys?: string[]; models?: string[]; tasks?: string[] },
  context: z.RefinementCtx,
): string[] {
  const wrong = (path: string, message: string): string[] => {
    context.addIssue({ code: 'custom', message, path: [path] });
    return [];
  };
  if (keys !== undefined && (models ?? tasks) !== undefined) return wrong('keys', 'either keys, or models and tasks');
  if (keys !== undefined) return [...keys].sort();
  if (models === undefined) return wrong('keys', 'keys, or models, are required');
  const all = models.flatMap((model) => (tasks ?? DEFAULT_TASKS).map((task) => joinKey(model, task)));
  if (all.length > MAX_LAYOUT_KEYS)
    return wrong('models', `they make ${all.length} keys, of at most ${MAX_LAYOUT_KEYS}`);
  const bad = all.find((key) => !signalKeySchema.safeParse(key).success);
  return bad === undefined ? all.sort() : wrong('models', `${bad} is no key`);
}

type RoundCost = Pick<z.output<typeof privacy>, 'epsilon' | 'rho' | 'allocation'>;

function roundCost(
  { epsilon, rho, allocation: allocated }: RoundCost,
  delta: number,
): Pick<ClusterPlan['privacy'], 'rho' | 'expectedParticipants' | 'givenAs'> {
  const rhoOf = (options: { epsilon?: number; rho?: number }) =>
    options.rho ?? epsilonToRho(options.epsilon as number, delta);
  if (allocated === undefined)
    return rho === 'unsafe-none'
      ? { rho }
      : { rho: rhoOf({ epsilon, rho }), givenAs: rho === undefined ? 'epsilon' : 'rho' };
  if (allocated.kind === 'fixed')
    return {
      rho: { kind: 'fixed', units: Math.max(1, rhoToBudgetUnits(rhoOf(allocated))) },
      givenAs: allocated.rho === undefined ? 'allocation.epsilon' : 'allocation.rho',
    };
  if (allocated.kind === 'decay') return { rho: allocated };
  const { expectedParticipants, ...horizon } = allocated;
  return { rho: horizon, expectedParticipants };
}

/** Words for a field, and how it is read. */
const about = (description: string, meta: SettingMeta = {}) => ({ description, ...meta });
const path = (description: string, meta: SettingMeta = {}) =>
  z
    .string()
    .min(1)
    .meta(about(description, { kind: 'path', ...meta }));

export const configSchema = z
  .strictObject({
    id: partyId
      .default('coordinator' as z.infer<typeof partyId>)
      .meta(about('party id; its certificate is on the roster')),
    host: listenHost.default('127.0.0.1').meta(about('address that it listens on')),
    port: count(0, 65535).default(8400).meta(about('0: any free port')),
    socketPath: path('Unix socket that it listens on, for owner and group, instead of host and port').optional(),
    allowedHosts: hostNames
      .default(['*'])
      .meta(about('names that it may be called by besides localhost, its host and IP addresses; *: any')),
    dataDir: path('folder of the embedded database; required without databaseUrl').optional(),
    databaseUrl: z
      .string()
      .regex(/^postgres(ql)?:\/\//, { error: 'must be a postgres:// URL' })
      .meta(
        about('postgres:// URL: a PostgreSQL database that coordinators may share, instead of dataDir. Never logged', {
          kind: 'secret',
          variable: 'DATABASE_URL',
        }),
      )
      .optional(),
    leaseMs: count(500, DAY_MS)
      .default(5000)
      .meta(about('PostgreSQL: how long a task waits for a replica that has died')),
    identityKeyFile: path('Ed25519 seed: sealed under the store key, or 32 bytes or hexadecimal; mode 0600 or 0400', {
      formerly: 'keyFile',
    }),
    storeKeyFile: path(
      'what identityKeyFile is sealed under: 32 bytes or hexadecimal, mode 0600 or 0400; or SECAGG_STORE_KEY holds it',
    ).optional(),
    authorityKeyFile: path('Ed25519 public key of the fleet authority: 32 bytes or hexadecimal'),
    policyFile: path('signed policy: needed at the first start, later taken when newer').optional(),
    rosterFile: path('signed roster: needed at the first start, later taken when newer').optional(),
    freshnessFile: path(
      'statement that policy and roster are current: taken at the start when newer than the one known',
    ).optional(),
    epochLifetimeMs: count(1000, YEAR_MS)
      .default(DAY_MS)
      .meta(about('how long an epoch lasts; the policy may allow less')),
    epochRenewBeforeMs: count(0, YEAR_MS)
      .meta(
        about(
          'how long before its end an epoch is replaced; by default a tenth of its lifetime, or what the longest round needs',
        ),
      )
      .optional(),
    epochSetupTimeoutMs: count(100, DAY_MS)
      .default(15_000)
      .meta(about('how long the set-up of an epoch may take, then another attempt; doubles up to 16 times')),
    autoEpochs: z.boolean().default(true).meta(about('starts epochs by itself')),
    clusters: z.array(cluster).default([]).meta(about('clusters that it opens rounds of, below')),
    timings: z
      .strictObject({
        reportGraceMs: count(0, DAY_MS)
          .default(2000)
          .meta(about('how long reports beyond those needed are waited for, after the close of a round')),
        answerGraceMs: count(1, DAY_MS)
          .default(3000)
          .meta(about('how long an answer of a member is waited for, before the next holder is asked')),
        proposalTimeoutMs: count(1, DAY_MS)
          .default(30_000)
          .meta(about('how long after the close of a round it is aborted without a proposal')),
        undecidedTimeoutMs: count(1, 30 * DAY_MS)
          .default(300_000)
          .meta(about('how long after its close a round without a decision is given up')),
      })
      .prefault({}),
    limits: limitsSchema(),
    finishedRoundRetentionMs: count(0, YEAR_MS)
      .default(600_000)
      .meta(about('how long a finished round still answers late contributions with their receipts')),
    transcriptRetentionMs: count(0, 100 * YEAR_MS)
      .default(30 * DAY_MS)
      .meta(about('how long transcripts are kept; ciphertexts go with them')),
    recordRetentionMs: count(DAY_MS, 100 * YEAR_MS)
      .default(YEAR_MS)
      .meta(about('how long the outcome and the signal of a round are kept; the newest signal of a cluster always is')),
    shutdownGraceMs: count(0, 600_000).default(5000).meta(about('how long a shutdown waits for requests under way')),
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
  })
  .refine(({ dataDir, databaseUrl }) => dataDir !== undefined || databaseUrl !== undefined, {
    // Told together with what else is missing.
    when: () => true,
    error: 'is missing',
    path: ['dataDir'],
  })
  .superRefine(({ clusters, epochLifetimeMs }, context) => {
    // A cluster that was refused has no plan.
    const plans = clusters.map(({ plan }): ClusterPlan | undefined => plan);
    for (const [index, plan] of plans.entries()) {
      if (!plan) continue;
      const refuse = (field: string, message: string) =>
        context.addIssue({ code: 'custom', path: ['clusters', index, field], message });
      if (plans.findIndex((other) => other?.cluster === plan.cluster) < index) refuse('cluster', 'is there twice');
      if (plan.durationMs > epochLifetimeMs)
        refuse('durationMs', `a round ends within its epoch, and epochLifetimeMs is ${epochLifetimeMs}`);
    }
  });
export type Config = z.infer<typeof configSchema>;
