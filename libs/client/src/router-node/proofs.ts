/** What a router-node says about decisions it was shown and evidence it keeps. */
import { z } from 'zod';

export const acceptedDecisionSchema = z.looseObject({
  cluster: z.string(),
  round: z.int().min(1),
  decision: z.enum(['ready', 'abort']),
  /** How the round has ended for this router; null while only its published record can tell. */
  outcome: z.enum(['included', 'left_out', 'aborted']).nullable(),
});
export type AcceptedDecision = z.infer<typeof acceptedDecisionSchema>;

export const evidenceListSchema = z.looseObject({
  /** Newest first. */
  evidence: z.array(
    z.looseObject({
      kind: z.string(),
      /** Who is guilty, where it is not the coordinator for a receipt of its own. */
      party: z.string().optional(),
      cluster: z.string().optional(),
      round: z.int().min(1).optional(),
      at: z.string(),
      /** Where the encoded evidence is; null where an older version has kept the receipt alone. */
      path: z.string().nullable(),
    }),
  ),
});
export type EvidenceList = z.infer<typeof evidenceListSchema>;
