/** What a router-node answers to rows that its software reports. */
import { z } from 'zod';

const counts = z.record(z.string(), z.int().min(0));

export const ingestAnswerSchema = z.looseObject({
  /** Rows that are durable now, or were before under the same idempotency key. */
  accepted: z.int().min(0),
  /** Rows that are as they should be and of no use here, by reason: `duplicate`, `cache_hit`, .. */
  skipped: counts.default({}),
  /** Rows that were refused, by their place in the batch, from 0. */
  rejected: z
    .array(z.looseObject({ index: z.int().min(0), code: z.string(), message: z.string(), path: z.string().optional() }))
    .default([]),
  /** Further refused rows that are not in the list. */
  rejected_not_listed: z.int().min(1).optional(),
  /** Values of accepted rows above the bound of their field, by field and key: they count as the bound. */
  clipped: z.record(z.string(), counts).optional(),
  /** Values of accepted rows that are of no use, by field and key, such as a cost without tokens. */
  dropped: z.record(z.string(), counts).optional(),
  /** What looks wrong about all of them, such as a unit. */
  warnings: z.array(z.string()).optional(),
});
export type IngestAnswer = z.infer<typeof ingestAnswerSchema>;
