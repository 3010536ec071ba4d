/**
 * Signed statements that prove a party's misbehaviour to anyone who trusts the fleet authority (docs/protocol.md,
 * "Evidence: a receipt that was not honoured" and "Evidence: misbehaviour of a party").
 */
import { z } from 'zod';
import { defineMessage } from './define';
import { epochCertificateSchema } from './epoch';
import { fleetId, maxCommittee, partyId, version } from './fields';
import { signedSchema } from './signed';

/**
 * `two-...`: two signatures of one party over different bytes, where it signs once. `wrong-answer`: a piece hash that t
 * other holders contradict.
 */
export const evidenceKind = z.enum([
  'two-seats',
  'two-epochs',
  'two-reports',
  'two-votes',
  'two-answers',
  'wrong-answer',
  'two-contributions',
  'two-announcements',
  'two-proposals',
  'two-receipts',
]);
export type EvidenceKind = z.infer<typeof evidenceKind>;

const evidenceSchema = z.strictObject({
  v: version,
  fleet: fleetId,
  kind: evidenceKind,
  party: partyId,
  /** The accused party's, then those of further signers, each signed by the authority. */
  certificates: z.array(signedSchema).min(1).max(maxCommittee),
  /** Of the epoch whose vote keys signed the statements, for those of committee members. */
  epoch_certificate: epochCertificateSchema.optional(),
  /** The accused party's first. */
  statements: z.array(signedSchema).min(2).max(maxCommittee),
});
/** Needs no signature of its own. */
export type Evidence = z.infer<typeof evidenceSchema>;
export const evidenceMessage = defineMessage<Evidence>('evidence', evidenceSchema, 64 * 1024 * 1024);
