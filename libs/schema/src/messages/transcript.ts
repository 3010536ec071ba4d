/**
 * The published record of a finished round (docs/protocol.md, "Publishing and auditing"): enough for anyone to
 * recompute all of it.
 */
import { z } from 'zod';
import { decisionSchema, pieceSumSchema } from './committee';
import { defineMessage } from './define';
import { epochCertificateSchema } from './epoch';
import { bytesUpTo, groupIndex, maxCommittee, maxPieces, version } from './fields';
import { signedSchema } from './signed';

const transcriptSchema = z.strictObject({
  v: version,
  policy: signedSchema,
  roster: signedSchema,
  epoch_certificate: epochCertificateSchema,
  announcement: signedSchema,
  /**
   * Every accepted contribution in increasing order of router id. The ciphertext of one that was left out adds to no
   * sum, and is worth something only to a reader that opens it later: transcripts have had them, and have them no more.
   */
  contributions: z
    .array(z.strictObject({ header: signedSchema, ciphertext: bytesUpTo(16 * 1024 * 1024).optional() }))
    .max(1000000),
  /** The reports the decision went by, in increasing order of member. */
  reports: z.array(signedSchema).max(maxCommittee),
  decision: decisionSchema,
  /** In increasing order of member. */
  answers: z.array(signedSchema).max(maxCommittee),
  /** By group, then piece. */
  pieces: z.array(pieceSumSchema).max(1024 * maxPieces),
  /** The sum of each opened group: d packed words. */
  sums: z.array(z.strictObject({ group: groupIndex, words: bytesUpTo(16 * 1024 * 1024) })).max(1024),
});
export type Transcript = z.infer<typeof transcriptSchema>;
export const transcriptMessage = defineMessage<Transcript>('transcript', transcriptSchema, 2 ** 31 - 1);
