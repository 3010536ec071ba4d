/** Which of some models to take for a task. */
import { joinKey, modelSchema, taskSchema } from '@secagg/schema';
import { z } from 'zod';
import { type Prior, priorStateSchema } from './prior';
import { type Random, sampleBeta, sampleGamma } from './sample';

const weight = z.number().min(0).max(1000);

export const rankRequestSchema = z.strictObject({
  task: taskSchema,
  /** Models to choose from. */
  candidates: z
    .array(modelSchema)
    .min(1)
    .max(200)
    .refine((models) => new Set(models).size === models.length, { error: 'a model is named twice' }),
  /**
   * score = success * s + quality * q - latency * (l / average l) - cost * (c / average c), with averages over the
   * candidates: a latency weight of 0.1 gives up a tenth of a success for what an average candidate takes.
   */
  weights: z
    .strictObject({
      success: weight.default(1),
      quality: weight.default(0),
      latency: weight.default(0),
      cost: weight.default(0),
    })
    .prefault({}),
  /**
   * `mean`: what is believed; `thompson`: a draw from it, which explores what is uncertain as it deserves;
   * `upper_bound`: as good as it may well be.
   */
  exploration: z.enum(['mean', 'thompson', 'upper_bound']).default('mean'),
  /** Standard deviations that `upper_bound` adds. */
  deviations: z.number().min(0).max(10).default(1),
  /** Shadow mode: the model that was taken without asking. */
  taken: modelSchema.optional(),
});
export type RankRequest = z.input<typeof rankRequestSchema>;

const rankedSchema = z.object({
  model: modelSchema,
  score: z.number(),
  state: priorStateSchema,
  /**
   * What the score was made from (an upper bound may pass 1); null where nothing is known, which counts as the average
   * of the others.
   */
  success: z.number(),
  quality: z.number().nullable(),
  latency_s: z.number().nullable(),
  cost_usd_per_token: z.number().nullable(),
});
export const rankAnswerSchema = z.object({
  /** Best first. */
  ranking: z.array(rankedSchema),
  best: modelSchema,
  /** Whether the model that was taken is the best one; only in shadow mode. */
  agrees: z.boolean().optional(),
});
export type RankAnswer = z.infer<typeof rankAnswerSchema>;

/** Priors that are looked up by model and task. */
export type PriorIndex = ReadonlyMap<string, Prior>;
export const indexPriors = (priors: readonly Prior[]): PriorIndex =>
  new Map(priors.map((prior) => [joinKey(prior.model, prior.task), prior]));

const UNKNOWN = {
  state: 'no_evidence',
  success: { alpha: 1, beta: 1 },
  quality: null,
  latency_s: null,
  cost_usd_per_token: null,
} as const;
type Known = Pick<Prior, 'state' | 'success' | 'quality' | 'latency_s' | 'cost_usd_per_token'>;
type Checked = z.output<typeof rankRequestSchema>;

/** @param random only for `thompson` */
export function rank(priors: PriorIndex, request: Checked, random: Random): RankAnswer {
  const { task, candidates, weights } = request;
  const values = candidates.map((model) =>
    valuesOf(model, priors.get(joinKey(model, task)) ?? UNKNOWN, request, random),
  );
  const averages = {
    quality: average(values.map(({ quality }) => quality)) ?? 0.5,
    latency: average(values.map(({ latency_s }) => latency_s)),
    cost: average(values.map(({ cost_usd_per_token }) => cost_usd_per_token)),
  };
  const ranking = values
    .map((of) => ({
      ...of,
      score:
        weights.success * of.success +
        weights.quality * (of.quality ?? averages.quality) -
        weights.latency * relative(of.latency_s, averages.latency) -
        weights.cost * relative(of.cost_usd_per_token, averages.cost),
    }))
    .sort((a, b) => b.score - a.score);
  const best = ranking[0].model;
  return { ranking, best, ...(request.taken === undefined ? {} : { agrees: request.taken === best }) };
}

function valuesOf(model: string, prior: Known, { exploration, deviations }: Checked, random: Random) {
  const { alpha, beta } = prior.success;
  const mass = alpha + beta;
  const mean = alpha / mass;
  const optimism = exploration === 'upper_bound' ? deviations : 0;
  const unit = (of: { mean: number; standard_deviation: number; alpha: number; beta: number }): number =>
    exploration === 'thompson' ? sampleBeta(of.alpha, of.beta, random) : of.mean + optimism * of.standard_deviation;
  const positive = (of: Known['latency_s']): number | null => {
    if (!of) return null;
    if (exploration === 'thompson') return sampleGamma(of.shape, of.rate, random);
    return Math.max(0, of.mean - optimism * of.standard_deviation);
  };
  return {
    model,
    state: prior.state,
    success: unit({ mean, standard_deviation: Math.sqrt((mean * (1 - mean)) / (mass + 1)), alpha, beta }),
    quality: prior.quality && unit(prior.quality),
    latency_s: positive(prior.latency_s),
    cost_usd_per_token: positive(prior.cost_usd_per_token),
  };
}

function average(values: readonly (number | null)[]): number | undefined {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : undefined;
}

const relative = (value: number | null, mean: number | undefined): number =>
  value === null || !mean ? 1 : value / mean;
