import { z } from 'zod';
import { withoutNulls } from '../without-nulls';
import { MAX_KEY_LENGTH, modelSchema, taskSchema } from './key';
import { quantity, wholeNumber } from './numbers';
import { parseOrRefuse } from './parse';

/** Outcome of one request, as a router reports it to its own sidecar. */
export const RewardObservation = z
  .strictObject({
    model: modelSchema,
    /** Without ':'. */
    task: taskSchema,
    success: z.union([
      z.boolean(),
      z.literal([0, 1]).refine((value) => !Object.is(value, -0), { error: 'negative zero is not allowed' }),
    ]),
    /** Seconds, in [0, 1e6]. */
    latency_s: quantity(1e6),
    /** In [0, 1]. */
    quality: quantity(1).optional(),
    /** USD for the whole request, in [0, 1e6]. */
    cost_usd: quantity(1e6).optional(),
    /** Tokens the cost was charged for, 0 to 1e9. */
    tokens: wholeNumber(0, 1e9).optional(),
    /**
     * Who sent the request, 1 to 256 characters: only for the limit of requests a requester and round. It is hashed
     * where it arrives, and neither stored nor sent as it is.
     */
    requester: z.string().min(1).max(256).optional(),
    /**
     * Name of the request, 1 to 256 characters: under it the request counts once, and a score that comes later finds
     * it. It is hashed where it arrives, and neither stored nor sent as it is.
     */
    id: z.string().min(1).max(256).optional(),
  })
  .refine((observation) => observation.model.length + 1 + observation.task.length <= MAX_KEY_LENGTH, {
    error: `model and task together make a key of more than ${MAX_KEY_LENGTH} characters`,
    path: ['task'],
  });
export type RewardObservation = z.infer<typeof RewardObservation>;

/** An observation from outside; null is absent. Throws `SecaggError('invalid')`, `details.path` naming the field. */
export const parseObservation = (value: unknown): RewardObservation =>
  parseOrRefuse(RewardObservation, withoutNulls(value), 'observation');

/**
 * Cost of one request in USD per token, from 0; undefined unless both the cost and a positive number of tokens are
 * known.
 */
export function costPerToken(observation: Pick<RewardObservation, 'cost_usd' | 'tokens'>): number | undefined {
  const { cost_usd: cost, tokens } = observation;
  return cost === undefined || tokens === undefined || tokens === 0 ? undefined : cost / tokens;
}
