/** What is believed of one model at one task, as it is given out. */
import { modelSchema, taskSchema } from '@secagg/schema';
import { z } from 'zod';

/**
 * `usable`; `uncertain`: worth fewer requests than asked for; `expired`: rounds are past the age limit, and newer own requests
 * are too few to be `usable` by themselves;
 * `withheld`: rounds say no more than that there were few requests; `no_evidence`: the catalogue has it, and nobody has
 * said anything.
 */
export const priorStateSchema = z.enum(['usable', 'uncertain', 'expired', 'withheld', 'no_evidence']);
export type PriorState = z.infer<typeof priorStateSchema>;

const positive = z.number().positive().max(1e300);
export const betaSchema = z.object({ alpha: positive, beta: positive });
const moments = z.object({ mean: z.number(), standard_deviation: positive });

export const priorSchema = z.object({
  model: modelSchema,
  task: taskSchema,
  state: priorStateSchema,
  /** Whether the newest catalogue has it. */
  listed: z.boolean(),
  /** Beta distribution of the chance of success. */
  success: betaSchema,
  /** Gamma distributions of means, with their mean and standard deviation; null where nobody has reported any. */
  latency_s: moments.extend({ shape: positive, rate: positive }).nullable(),
  cost_usd_per_token: moments.extend({ shape: positive, rate: positive }).nullable(),
  /** Beta distribution of the mean score. */
  quality: moments.extend(betaSchema.shape).nullable(),
  /** Requests that the posterior of success is worth, before the cap. */
  mass: z.number().min(0),
  /** Of this router, by weight; 0 in what is meant for others. */
  own_requests: z.number().min(0),
  /** Rounds that are in it, and those of them in which it is withheld by itself. */
  rounds: z.int().min(0),
  rounds_withheld: z.int().min(0),
  requests_per_round: moments.nullable(),
  newest_round_time: z.iso.datetime().nullable(),
});
export type Prior = z.infer<typeof priorSchema>;
