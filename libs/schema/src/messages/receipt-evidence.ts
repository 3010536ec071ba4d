/** Evidence that a coordinator has not kept a promise it signed; anyone with the authority's key can check it. */
import { z } from 'zod';
import { defineMessage } from './define';
import { decidedRoundShape, maxDecidedRoundBytes, maxStandingBytes, standingSchema } from './proofs';
import { signedSchema } from './signed';

const receiptEvidenceSchema = z.strictObject({
  kind: z.literal('receipt-not-honoured'),
  ...decidedRoundShape,
  /** What the coordinator signed when it accepted the contribution. */
  receipt: signedSchema,
  /** Where the round has the router instead: nowhere, or with another contribution than the one of the receipt. */
  standing: standingSchema,
});
export type ReceiptEvidence = z.infer<typeof receiptEvidenceSchema>;
export const receiptEvidenceMessage = defineMessage<ReceiptEvidence>(
  'receipt-not-honoured',
  receiptEvidenceSchema,
  maxDecidedRoundBytes + maxStandingBytes,
);
