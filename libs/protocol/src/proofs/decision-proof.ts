/**
 * A decision in a form that whoever has the authority's key can check: what one party shows another (docs/protocol.md,
 * "Deciding").
 */
import {
  type Bytes,
  type DecisionProof,
  decisionProofMessage,
  type PartyId,
  type RoundConfig,
  SecaggError,
  voteBodyMessage,
} from '@secagg/schema';
import { blameFleet, inPart } from '../wire/transcript-part';
import { verifyEpoch } from '../epoch/verified-epoch';
import { type FleetDocuments, type FleetView, verifyFleet } from '../fleet/fleet-view';
import { sameDocument } from '../fleet/update-fleet';
import { type VerifiedDecision, verifyDecision } from '../round/decision';
import { openAnnouncement, roundToAbort, type VerifiedRound, verifyAnnouncement } from '../round/verified-round';

/** A round with what a quorum decided about it. */
export interface DecidedRound {
  readonly fleet: string;
  readonly cluster: string;
  readonly round: number;
  readonly decision: VerifiedDecision;
  /** Members whose votes are in the proof: at least a quorum. */
  readonly decidedBy: readonly PartyId[];
  readonly verified: VerifiedRound;
}

/** The proof's parts out of anything that has them: a transcript, evidence, or documents, a round and its decision. */
export function decisionProofOf(parts: Omit<DecisionProof, 'v'>): DecisionProof {
  const { policy, roster, epoch_certificate, announcement, decision } = parts;
  return { v: 1, policy, roster, epoch_certificate, announcement, decision };
}

/** As {@link decisionProofOf}, of a round that was verified here. */
export const proofOfRound = (
  documents: FleetDocuments,
  round: VerifiedRound,
  decision: VerifiedDecision,
): DecisionProof =>
  decisionProofOf({
    ...documents,
    epoch_certificate: round.epoch.certificate,
    announcement: round.announcement,
    decision: decision.decision,
  });

/**
 * Verifies an encoded proof from the authority's key alone. Throws what decoding throws, and as {@link
 * verifyDecidedRound}.
 * @param authorityKey Ed25519 public key of the fleet authority: all that is believed
 */
export const verifyDecisionProof = (authorityKey: Bytes, bytes: Bytes): DecidedRound =>
  verifyDecidedRound(authorityKey, decisionProofMessage.decode(bytes));

/**
 * Fleet documents, epoch certificate, announcement and q identical votes, each under the keys that the one before
 * gives. A round that policy forbids can be decided by an abort only, since an abort opens nothing. Throws
 * `bad_signature`, `policy`, `wrong_epoch`, `no_decision` and what these build on; `details.part` names the part.
 * @param known documents verified here before: they are not verified again
 */
export function verifyDecidedRound(
  authorityKey: Bytes,
  proof: Omit<DecisionProof, 'v'>,
  known?: FleetView,
): DecidedRound {
  const isKnown =
    known !== undefined &&
    sameDocument(proof.policy, known.documents.policy) &&
    sameDocument(proof.roster, known.documents.roster);
  const view = isKnown
    ? known
    : inPart(
        () => blameFleet(authorityKey, proof),
        () => verifyFleet(authorityKey, { policy: proof.policy, roster: proof.roster }),
      );
  const config = inPart('announcement', () => openAnnouncement(view, proof.announcement));
  inPart('announcement', () => checkDocuments(view, config));
  const { round_time_ms } = config;
  const epoch = inPart('epoch_certificate', () => verifyEpoch(view, proof.epoch_certificate, round_time_ms));
  const { kind } = inPart('decision', () => voteBodyMessage.decode(proof.decision.body));
  const verified = inPart('announcement', () =>
    kind === 'abort'
      ? roundToAbort(view, epoch, proof.announcement, round_time_ms)
      : verifyAnnouncement(view, epoch, proof.announcement),
  );
  const decision = inPart('decision', () => verifyDecision(verified, proof.decision));
  const { fleet, cluster, round } = verified.config;
  return {
    fleet,
    cluster,
    round,
    decision,
    decidedBy: proof.decision.votes.map(({ member }) => epoch.body.members[member].id),
    verified,
  };
}

/** A proof goes by the documents that the round names, an abort's too. Throws `policy`. */
function checkDocuments({ fleet, policy, roster }: FleetView, config: RoundConfig): void {
  if (config.fleet === fleet && config.policy_version === policy.version && config.roster_version === roster.version)
    return;
  throw new SecaggError('policy', 'the round was announced under another policy or roster', { round: config.round });
}
