/**
 * What committee members see and say in a round (docs/protocol.md, "Checking and reporting", "Deciding" and
 * "Answering").
 */
import { z } from 'zod';
import { defineMessage } from './define';
import {
  bytesUpTo,
  clusterHash,
  digest,
  fleetId,
  groupIndex,
  integer,
  maxCommittee,
  maxPieces,
  memberIndex,
  partyId,
  roundNumber,
  signature,
  subsetMask,
  timeMs,
  version,
} from './fields';
import { sealedBoxSchema } from './round';
import { signedSchema } from './signed';

const inRound = {
  v: version,
  fleet: fleetId,
  cluster: clusterHash,
  round: roundNumber,
  epoch_hash: digest,
  config_hash: digest,
};
const maxGroups = 1024;
const maxRouters = 1000000;

/** One router's contribution as one member gets it: everything but the ciphertext and the others' boxes. */
const memberViewSchema = z.strictObject({
  header: signedSchema,
  commitments: bytesUpTo(maxPieces * 32),
  box: sealedBoxSchema,
});
export type MemberView = z.infer<typeof memberViewSchema>;
/** All contributions of a closed round for one member, in increasing order of router id. */
const memberViewsSchema = z.strictObject({
  cluster: clusterHash,
  round: roundNumber,
  member: memberIndex,
  views: z.array(memberViewSchema).max(maxRouters),
  /** The signed {@link Closing}, for a member that asks for it. */
  closing: signedSchema.optional(),
});
export type MemberViews = z.infer<typeof memberViewsSchema>;
export const memberViewsMessage = defineMessage<MemberViews>('member-views', memberViewsSchema, 512 * 1024 * 1024);

const closingSchema = z.strictObject({ ...inRound, headers_root: digest, count: integer(0, maxRouters) });
/** Signed by the coordinator: the contributions that a round closed with. */
export type Closing = z.infer<typeof closingSchema>;
export const closingMessage = defineMessage<Closing>('closing', closingSchema, 1024);

const reportSchema = z.strictObject({
  ...inRound,
  member: memberIndex,
  /**
   * Merkle root over the header hashes of all contributions shown, in increasing order of router id, and their count.
   */
  headers_root: digest,
  count: integer(0, maxRouters),
  /**
   * Bit i (bit i mod 8 of byte i div 8): contribution i passed the public checks and its box opened to matching seeds.
   */
  usable: bytesUpTo(maxRouters / 8),
});
/** Signed with the member's vote key. A member reports once in a round. */
export type Report = z.infer<typeof reportSchema>;
export const reportMessage = defineMessage<Report>('report', reportSchema, 130 * 1024);

export const abortReason = z.enum(['insufficient_participants', 'policy', 'no_valid_proposal', 'coordinator_restored']);

/** The reports that the coordinator proposes to go by, in increasing order of member; the set follows from them. */
const proposalSchema = z.strictObject({ ...inRound, reports: z.array(signedSchema).min(1).max(maxCommittee) });
/** Signed by the coordinator. */
export type Proposal = z.infer<typeof proposalSchema>;
export const proposalMessage = defineMessage<Proposal>('proposal', proposalSchema, 5 * 1024 * 1024);

const abortRequestSchema = z.strictObject({ ...inRound, reason: abortReason, at_ms: timeMs });
/** Signed by the coordinator: that it wants the round aborted, since when, and why. */
export type AbortRequest = z.infer<typeof abortRequestSchema>;
export const abortRequestMessage = defineMessage<AbortRequest>('abort-request', abortRequestSchema, 1024);

const voteBodySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...inRound,
    kind: z.literal('ready'),
    /** The groups that will be opened, in increasing order; `set_root`: Merkle root over header hashes by router id. */
    groups: z
      .array(z.strictObject({ group: groupIndex, set_root: digest, size: integer(1, maxRouters) }))
      .min(1)
      .max(maxGroups),
    reports_hash: digest,
  }),
  z.strictObject({ ...inRound, kind: z.literal('abort'), reason: abortReason }),
]);
/** Identical for all honest members, but for the reason of an abort, which is not counted. */
export type VoteBody = z.infer<typeof voteBodySchema>;
export type AbortReason = z.infer<typeof abortReason>;
export const voteBodyMessage = defineMessage<VoteBody>('vote', voteBodySchema, 128 * 1024);

const maxVoteBytes = 128 * 1024;
const voteSchema = z.strictObject({ body: bytesUpTo(maxVoteBytes), member: memberIndex, signature });
/** One member's `ready` or `abort`, signed with its vote key. */
export type Vote = z.infer<typeof voteSchema>;
export const voteMessage = defineMessage<Vote>('vote-envelope', voteSchema, maxVoteBytes + 256);

/** `reason`: of a vote for an abort, where it is another one than in the body. */
const decidingVote = z.strictObject({ member: memberIndex, signature, reason: abortReason.optional() });
export const decisionSchema = z.strictObject({
  body: bytesUpTo(maxVoteBytes),
  votes: z.array(decidingVote).min(1).max(maxCommittee),
});
/**
 * q identical votes, or q for an abort. Identified by its body, less the reason; which members signed does not matter.
 */
export type Decision = z.infer<typeof decisionSchema>;
export const decisionMessage = defineMessage<Decision>('decision', decisionSchema, maxVoteBytes + 8192);

const pieceKey = { group: groupIndex, piece: subsetMask };
const answerSchema = z.strictObject({
  ...inRound,
  member: memberIndex,
  decision_hash: digest,
  /** Hash of the keystream sum of every (group, piece) the member holds, by group, then piece. */
  hashes: z.array(z.strictObject({ ...pieceKey, hash: digest })).max(maxGroups * maxPieces),
});
/** Signed with the member's vote key. Deterministic: two honest holders of a piece give the same hash. */
export type Answer = z.infer<typeof answerSchema>;
export const answerMessage = defineMessage<Answer>('answer', answerSchema, 24 * 1024 * 1024);

export const pieceSumSchema = z.strictObject({ ...pieceKey, words: bytesUpTo(16 * 1024 * 1024) });
/** The keystream sum of a decided group for one piece, packed like a ciphertext. */
export type PieceSum = z.infer<typeof pieceSumSchema>;
const answerBodySchema = z.strictObject({
  answer: signedSchema,
  pieces: z.array(pieceSumSchema).max(maxGroups * maxPieces),
});
export type AnswerBody = z.infer<typeof answerBodySchema>;
export const answerBodyMessage = defineMessage<AnswerBody>('answer-body', answerBodySchema, 512 * 1024 * 1024);

const transferSchema = z.strictObject({
  ...inRound,
  decision_hash: digest,
  from: memberIndex,
  to: memberIndex,
  /** Per router whose box had failed at `to`: the seeds that both hold, sealed to the epoch key of `to`. */
  boxes: z
    .array(z.strictObject({ router: partyId, box: sealedBoxSchema }))
    .min(1)
    .max(maxRouters),
});
/** Signed with the vote key of `from`. */
export type SeedTransfer = z.infer<typeof transferSchema>;
export const transferMessage = defineMessage<SeedTransfer>('seed-transfer', transferSchema, 64 * 1024 * 1024);
