/**
 * The announcement of a round, a router's contribution and the coordinator's receipt (docs/protocol.md, "Announcement",
 * "Contribution" and "Collecting").
 */
import { z } from 'zod';
import { roundLayoutSchema } from '../layout';
import { defineMessage } from './define';
import {
  bytesUpTo,
  cipherSuiteId,
  clusterHash,
  digest,
  epochNumber,
  fleetId,
  groupIndex,
  integer,
  maxCommittee,
  maxPieces,
  partyId,
  privacyUnit,
  roundNumber,
  timeMs,
  version,
} from './fields';
import { signedSchema } from './signed';

const privacySchema = z.strictObject({
  unit: privacyUnit,
  /** L2 bound of one unit's integer vector; what is larger is scaled towards zero until it fits. */
  clip_norm: integer(1, 2 ** 47),
  /**
   * Variance of each router's own discrete Gaussian noise on every coordinate, in squared integer units; 0/1: no noise.
   */
  noise_variance_numerator: integer(0, Number.MAX_SAFE_INTEGER),
  noise_variance_denominator: integer(1, 2 ** 16),
  /** Routers assumed to collude or to skip their noise, in every group. */
  assumed_colluders: integer(0, 1000000),
  /** delta = 1 / delta_inverse, at which epsilon is reported. */
  delta_inverse: integer(2, Number.MAX_SAFE_INTEGER),
});
export type RoundPrivacy = z.infer<typeof privacySchema>;

/** How the sums of the groups become one result (docs/protocol.md, "The signal"). */
export const combination = z.enum(['sum', 'median', 'trimmed-mean']);
export type Combination = z.infer<typeof combination>;

const roundConfigSchema = z.strictObject({
  v: version,
  fleet: fleetId,
  cluster: clusterHash,
  round: roundNumber,
  round_time_ms: timeMs,
  /** Routers send from here on: by then the noise, whose sampling time depends on its value, is drawn. */
  send_from_ms: timeMs,
  deadline_ms: timeMs,
  coordinator: partyId,
  epoch: epochNumber,
  epoch_hash: digest,
  policy_version: integer(1, Number.MAX_SAFE_INTEGER),
  roster_version: integer(1, Number.MAX_SAFE_INTEGER),
  suite: cipherSuiteId,
  layout: roundLayoutSchema,
  privacy: privacySchema,
  groups: integer(1, 1024),
  combination,
  min_participants_per_group: integer(1, 1000000),
  max_participants: integer(1, 1000000),
});
/** Signed by the coordinator; its hash is `config_hash`. */
export type RoundConfig = z.infer<typeof roundConfigSchema>;
export const roundConfigMessage = defineMessage<RoundConfig>('round-config', roundConfigSchema, 2 * 1024 * 1024, {
  remember: true,
});

const headerSchema = z.strictObject({
  v: version,
  fleet: fleetId,
  cluster: clusterHash,
  round: roundNumber,
  group: groupIndex,
  config_hash: digest,
  epoch_hash: digest,
  router: partyId,
  /** Advisory: nothing is decided by it. */
  timestamp_ms: timeMs,
  ciphertext_digest: digest,
  commitments_digest: digest,
  /** Digest of each member's sealed box with its encapsulation, in member order. */
  box_digests: z.array(digest).min(1).max(maxCommittee),
});
export type ContributionHeader = z.infer<typeof headerSchema>;
export const headerMessage = defineMessage<ContributionHeader>('contribution', headerSchema, 4096);

export const sealedBoxSchema = z.strictObject({
  encapsulation: bytesUpTo(2048),
  ciphertext: bytesUpTo(maxPieces * 32 + 64),
});
export type SealedBox = z.infer<typeof sealedBoxSchema>;

const contributionSchema = z.strictObject({
  header: signedSchema,
  /** c_S of every piece in increasing order of S, 32 bytes each. */
  commitments: bytesUpTo(maxPieces * 32),
  boxes: z.array(sealedBoxSchema).min(1).max(maxCommittee),
  /** Of the length and form of the round's suite (docs/protocol.md, "Suites"). */
  ciphertext: bytesUpTo(16 * 1024 * 1024),
});
export type Contribution = z.infer<typeof contributionSchema>;
export const contributionMessage = defineMessage<Contribution>(
  'contribution-body',
  contributionSchema,
  17 * 1024 * 1024,
);

/** How the coordinator's word on a router's contribution begins. */
const toRouter = {
  v: version,
  fleet: fleetId,
  cluster: clusterHash,
  round: roundNumber,
  config_hash: digest,
  router: partyId,
  coordinator: partyId,
};

const receiptSchema = z.strictObject({
  ...toRouter,
  /** Hash of the signed header that was accepted. */
  header_hash: digest,
});
/** Signed by the coordinator after the contribution is durable. */
export type Receipt = z.infer<typeof receiptSchema>;
export const receiptMessage = defineMessage<Receipt>('receipt', receiptSchema, 1024);

const quarantineSchema = z.strictObject({
  ...toRouter,
  /** The last round whose contributions by this router are refused. */
  until_round: roundNumber,
});
/** Signed by the coordinator: why it refuses a contribution, and for how long it will. */
export type QuarantineNotice = z.infer<typeof quarantineSchema>;
export const quarantineMessage = defineMessage<QuarantineNotice>('quarantine', quarantineSchema, 1024);
