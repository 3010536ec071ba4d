/** What the demo's rounds look like: catalogue, bounds, resolution, noise and times. */
import { epsilonToRho } from '@secagg/dp-noise';
import {
  costPerToken,
  defaultFields,
  type FieldOptions,
  type FieldSpec,
  MAX_WORD_BITS,
  type RewardObservation,
  signalKey,
  wordBitsFor,
} from '@secagg/schema';
import { type DemoOptions } from './options';

export interface DemoPlan {
  readonly keys: readonly string[];
  readonly fieldOptions: FieldOptions & { readonly latencyBoundSeconds: number; readonly costBoundUsdPerToken: number };
  readonly fields: readonly FieldSpec[];
  readonly maxRequestsPerRouter: number;
  /** zCDP cost that a round may have. */
  readonly rho: number;
  readonly deltaInverse: number;
  readonly sendDelayMs: number;
  readonly durationMs: number;
  /** Rows with a latency or cost past its bound. */
  readonly rowsPastBounds: number;
  /** Largest error of a mean without noise, in its own unit: half a unit of its field. */
  readonly resolution: Readonly<Record<string, number>>;
}

/**
 * Bounds are public and declared before anybody looks at data; larger values count as the bound. The costs: 80 USD per
 * million tokens, above what the catalogue's models charge. Noise grows with the bounds, so a generous one costs
 * accuracy.
 */
const LATENCY_BOUND_S = 40;
const COST_BOUND_USD_PER_TOKEN = 8e-5;
/** Without noise nothing is gained by a coarse grid, and one need not be finer than this. */
const FINEST_UNITS = 2 ** 24;
const NOISE_UNITS = 2 ** 16;

const powerOfTwoFrom = (value: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, value)));
const largest = (values: Iterable<number>): number => {
  let most = 0;
  for (const value of values) most = Math.max(most, value);
  return most;
};

function bounds(
  rows: readonly RewardObservation[],
  options: DemoOptions,
): { latencyBoundSeconds: number; costBoundUsdPerToken: number } {
  if (!options.unsafeNoNoise)
    return { latencyBoundSeconds: LATENCY_BOUND_S, costBoundUsdPerToken: COST_BOUND_USD_PER_TOKEN };
  // The aggregate is to equal the truth, so nothing may be past a bound.
  const latency = largest(rows.map((row) => row.latency_s));
  const cost = largest(rows.map((row) => costPerToken(row) ?? 0));
  return {
    latencyBoundSeconds: Math.max(LATENCY_BOUND_S, Math.ceil(latency)),
    costBoundUsdPerToken: cost <= COST_BOUND_USD_PER_TOKEN ? COST_BOUND_USD_PER_TOKEN : cost * 1.001,
  };
}

export function makePlan(rows: readonly RewardObservation[], options: DemoOptions): DemoPlan {
  const keys = [...new Set(rows.map((row) => signalKey(row.model, row.task)))].sort();
  const optional = {
    quality: rows.some((row) => row.quality !== undefined),
    cost: rows.some((row) => costPerToken(row) !== undefined),
  };
  // Rows of routers that were killed come back in later rounds, so one round may have to take all of them.
  const maxRequestsPerRouter = powerOfTwoFrom(Math.max(1024, Math.ceil(rows.length / options.routers)));
  const declared = bounds(rows, options);
  const fieldOptionsWith = (unitsPerRequest: number) => ({ ...declared, ...optional, unitsPerRequest });
  let units = options.unsafeNoNoise ? FINEST_UNITS : NOISE_UNITS;
  const fits = () =>
    wordBitsFor({
      fields: defaultFields(fieldOptionsWith(units)),
      max_requests_per_router: maxRequestsPerRouter,
      max_participants: options.routers,
      noiseStdDevUnits: 0,
    }) <= MAX_WORD_BITS;
  while (options.unsafeNoNoise && units > 16 && !fits()) units /= 2;
  const fieldOptions = fieldOptionsWith(units);
  const fields = defaultFields(fieldOptions);
  const deltaInverse = Math.round(1 / options.delta);
  const sendDelayMs = 1500 + Math.ceil(maxRequestsPerRouter / 5);
  const dropped = options.drop + options.dropCommittee;
  return {
    keys,
    fieldOptions,
    fields,
    maxRequestsPerRouter,
    rho: epsilonToRho(options.epsilon, 1 / deltaInverse),
    deltaInverse,
    sendDelayMs,
    // Without dropouts a round closes when everybody has contributed; with them it waits for its deadline.
    durationMs: sendDelayMs + (dropped > 0 ? 2500 + 100 * options.routers : 30_000 + 500 * options.routers),
    rowsPastBounds: rows.filter(
      (row) => row.latency_s > declared.latencyBoundSeconds || (costPerToken(row) ?? 0) > declared.costBoundUsdPerToken,
    ).length,
    resolution: Object.fromEntries(
      fields.flatMap(({ name, scale }) =>
        name in measures ? [[measures[name as keyof typeof measures], 0.5 / scale]] : [],
      ),
    ),
  };
}

export const measures = {
  successes: 'success_rate',
  latency: 'avg_latency',
  quality: 'quality_score',
  cost: 'cost_efficiency',
} as const;
