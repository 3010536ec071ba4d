/** What the coordinator asks of its peers. Unsigned: everything that matters inside carries its own signatures. */
import { z } from 'zod';
import { abortReason, type Decision, decisionSchema } from './committee';
import { defineMessage } from './define';
import { type EpochCertificate } from './epoch';
import {
  bytesUpTo,
  clusterHash,
  epochNumber,
  groupIndex,
  integer,
  maxCommittee,
  maxPieces,
  memberIndex,
  partyId,
  roundNumber,
  sealingSuiteId,
  signature,
  subsetMask,
  timeMs,
} from './fields';
import { signedSchema } from './signed';

const document = bytesUpTo(160 * 1024);
const round = { cluster: clusterHash, round: roundNumber };

const workItemSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('seat'),
    epoch: epochNumber,
    policy_version: integer(1, Number.MAX_SAFE_INTEGER),
    roster_version: integer(1, Number.MAX_SAFE_INTEGER),
    threshold: integer(1, maxCommittee),
    sealing_suite: sealingSuiteId,
    not_after_ms: timeMs,
  }),
  z.strictObject({ kind: z.literal('sign-epoch'), body: document }),
  z.strictObject({ kind: z.literal('report'), ...round, announcement: signedSchema }),
  z.strictObject({ kind: z.literal('vote'), ...round, announcement: signedSchema, proposal: signedSchema }),
  z.strictObject({
    kind: z.literal('abort'),
    ...round,
    announcement: signedSchema,
    request: signedSchema.optional(),
    /** In the place of the request, for members of earlier releases, which do not know it. */
    reason: abortReason.optional(),
  }),
  z.strictObject({
    kind: z.literal('transfer'),
    ...round,
    announcement: signedSchema,
    proposal: signedSchema,
    decision: document,
    /** Members whose boxes had failed for decided routers. */
    needs: z
      .array(z.strictObject({ to: memberIndex, routers: z.array(partyId).min(1) }))
      .min(1)
      .max(maxCommittee),
  }),
  z.strictObject({
    kind: z.literal('answer'),
    ...round,
    announcement: signedSchema,
    proposal: signedSchema,
    decision: document,
    /** Piece sums this member is to send; the hashes of all it holds it signs in any case. */
    pieces: z.array(z.strictObject({ group: groupIndex, piece: subsetMask })).max(1024 * maxPieces),
    transfers: z.array(signedSchema).max(maxCommittee),
  }),
]);
export type WorkItem = z.infer<typeof workItemSchema>;

const workSchema = z.strictObject({
  items: z.array(workItemSchema).max(4096),
  /** The newest epoch certificate and those of the rounds above, encoded, without duplicates. */
  epoch_certificates: z.array(document).max(64),
});
/** Everything the coordinator waits for from one member, now. */
export type Work = z.infer<typeof workSchema>;
export const workMessage = defineMessage<Work>('work', workSchema, 256 * 1024 * 1024);

const openRoundSchema = z.strictObject({
  announcement: signedSchema,
  epoch_certificate: z.strictObject({ body: document, signatures: z.array(signature).min(1).max(maxCommittee) }),
});
/** The open round of a cluster, for its routers. */
export interface OpenRound {
  announcement: z.infer<typeof signedSchema>;
  epoch_certificate: EpochCertificate;
}
export const openRoundMessage = defineMessage<OpenRound>('open-round', openRoundSchema, 3 * 1024 * 1024);

export const roundPhase = z.enum([
  'collecting',
  'checking',
  'voting',
  'aborting',
  'answering',
  'published',
  'aborted',
  'undecided',
]);
export type RoundPhase = z.infer<typeof roundPhase>;
const roundStatusSchema = z.strictObject({
  ...round,
  phase: roundPhase,
  contributions: integer(0, 1000000),
  /** The abort decision, when there is one. */
  decision: decisionSchema.optional(),
});
export interface RoundStatus {
  cluster: z.infer<typeof clusterHash>;
  round: z.infer<typeof roundNumber>;
  phase: RoundPhase;
  contributions: number;
  decision?: Decision;
}
export const roundStatusMessage = defineMessage<RoundStatus>('round-status', roundStatusSchema, 256 * 1024);
