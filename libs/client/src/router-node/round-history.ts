import { z } from 'zod';

const estimate = z.object({ value: z.number(), standard_error: z.number().min(0) });

export const roundHistorySchema = z.object({
  model: z.string(),
  task: z.string(),
  rounds: z.array(
    z.looseObject({
      round: z.int().min(1),
      time: z.string(),
      participants: z.int().min(0),
      epsilon: z.number().nullable(),
      state: z.enum(['published', 'withheld', 'not_in_catalogue']),
      /** Noisy; null where it is withheld. */
      requests: estimate.nullable(),
      means: z.object({
        success: estimate.optional(),
        latency: estimate.optional(),
        quality: estimate.optional(),
        cost: estimate.optional(),
      }),
    }),
  ),
});
export type RoundHistoryPage = z.infer<typeof roundHistorySchema>;
