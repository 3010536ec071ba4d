/** Seats and epoch certificates (docs/protocol.md, "Epochs"). */
import { z } from 'zod';
import { defineMessage } from './define';
import {
  bytesOf,
  bytesUpTo,
  epochNumber,
  fleetId,
  integer,
  maxCommittee,
  partyId,
  sealingSuiteId,
  signature,
  timeMs,
  version,
} from './fields';

/** The terms of an epoch that a member is asked to take a seat under. */
const epochTermsShape = {
  v: version,
  fleet: fleetId,
  epoch: epochNumber,
  policy_version: integer(1, Number.MAX_SAFE_INTEGER),
  roster_version: integer(1, Number.MAX_SAFE_INTEGER),
  threshold: integer(1, maxCommittee),
  sealing_suite: sealingSuiteId,
  not_after_ms: timeMs,
};

/** Signed by the member's identity key. */
const seatSchema = z.strictObject({
  ...epochTermsShape,
  member: partyId,
  kem_key: bytesUpTo(2048),
  vote_key: bytesOf(32),
});
export type Seat = z.infer<typeof seatSchema>;
export const seatMessage = defineMessage<Seat>('seat', seatSchema, 4096);

const epochSchema = z.strictObject({
  ...epochTermsShape,
  /** In increasing order of id; the position is the member index of the epoch. */
  members: z
    .array(z.strictObject({ id: partyId, kem_key: bytesUpTo(2048), vote_key: bytesOf(32) }))
    .min(1)
    .max(maxCommittee)
    .refine(
      (members) => members.every((m, i) => i === 0 || members[i - 1].id < m.id),
      'must be sorted, without duplicates',
    ),
});
export type Epoch = z.infer<typeof epochSchema>;
export const epochMessage = defineMessage<Epoch>('epoch', epochSchema, 128 * 1024, { remember: true });

/** Proposed by the coordinator; complete with the identity signatures of all m members over the identical body. */
export const epochCertificateSchema = z.strictObject({
  body: bytesUpTo(128 * 1024),
  signatures: z.array(signature).min(1).max(maxCommittee),
});
export type EpochCertificate = z.infer<typeof epochCertificateSchema>;
export const epochCertificateMessage = defineMessage<EpochCertificate>(
  'epoch-certificate',
  epochCertificateSchema,
  160 * 1024,
);

const epochSignatureSchema = z.strictObject({
  v: version,
  fleet: fleetId,
  epoch: epochNumber,
  member: partyId,
  signature,
});
/** A member's signature on a proposed epoch, on its way to the coordinator. It speaks for itself: no envelope. */
export type EpochSignature = z.infer<typeof epochSignatureSchema>;
export const epochSignatureMessage = defineMessage<EpochSignature>('epoch-signature', epochSignatureSchema, 1024);
