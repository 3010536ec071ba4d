/** What a party knows of its fleet documents, as both services show it. */
import { z } from 'zod';

const time = z.iso.datetime().nullable();

export const documentsStatusSchema = z.looseObject({
  /** Versions; null before any are known. */
  policy: z.int().min(1).nullable(),
  roster: z.int().min(1).nullable(),
  /**
   * Whether a statement of the authority says that they are the current ones: `fresh`; `grace`, when a newer one is
   * due; `stale`, `missing` or `outdated`, when this party takes no part; `not_required`, when the policy asks for none
   * and documents that are kept back go unnoticed.
   */
  freshness: z.enum(['not_required', 'fresh', 'grace', 'stale', 'missing', 'outdated']),
  /** When the newest statement was issued, and until when it serves without and with the grace. */
  issued_at: time,
  fresh_until: time,
  stops_at: time,
});
export type DocumentsStatus = z.infer<typeof documentsStatusSchema>;
