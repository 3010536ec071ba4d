/** The privacy ledger of a router-node, event by event. */
import { z } from 'zod';

export const budgetHistorySchema = z.looseObject({
  /**
   * What the budget is held to, and the same in one sentence; null before the fleet is known, absent from router-nodes
   * of earlier releases.
   */
  protects: z.enum(['window', 'event']).nullable().optional(),
  protected: z.string().nullable().optional(),
  /** Newest first. */
  entries: z.array(
    z.looseObject({
      id: z.int().min(1),
      cluster: z.string(),
      round: z.int().min(1),
      /** `charged` at worst case before sending, then `corrected` to the actual cost or `released`. */
      kind: z.enum(['charged', 'corrected', 'released']),
      /** zCDP rho charged, or what the charge was corrected to; null for a release. */
      rho: z.number().nullable(),
      at: z.string(),
    }),
  ),
  /** Value of `before` for the next page; null at the end. */
  next_before: z.int().min(1).nullable(),
});
export type BudgetHistoryPage = z.infer<typeof budgetHistorySchema>;
