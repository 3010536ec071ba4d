/**
 * Evidence that a coordinator accepted a contribution and left it out of the list that it showed to the committee.
 *
 * A receipt says: "I hold this contribution to this configuration of the round." Whoever gave it has to show the
 * contribution to every member after the close. It need not end up in the set: members may find it unusable, or its
 * group may stay too small, and reports say so; it is in the list all the same. An aborted round shows no list, and
 * closes no account. So guilt is: a `ready` decision whose reports are about a list that has nothing of the router in
 * it, or another contribution of it than the one in the receipt.
 */
import {
  type Bytes,
  type DecisionProof,
  type InclusionProof,
  type PartyId,
  type Receipt,
  type ReceiptEvidence,
  receiptEvidenceMessage,
  receiptMessage,
  SecaggError,
  type Signed,
} from '@secagg/schema';
import { inPart } from '../wire/transcript-part';
import { openDocument } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { certificateOf } from '../fleet/fleet-view';
import { type VerifiedRound } from '../round/verified-round';
import { type DecidedRound, decisionProofOf, verifyDecidedRound } from '../proofs/decision-proof';
import { verifyStanding } from '../proofs/inclusion-proof';

export interface ReceiptNotHonoured extends DecidedRound {
  readonly router: PartyId;
  /** Who is shown to be guilty. */
  readonly coordinator: PartyId;
  /** Nothing of the router is in the list, or another contribution than the acknowledged one. */
  readonly how: 'absent' | 'replaced';
}

/** Puts evidence together; {@link verifyReceiptEvidence} says whether it is any. */
export const receiptEvidence = (
  proof: Omit<DecisionProof, 'v'>,
  receipt: Signed,
  standing: InclusionProof['standing'],
): Bytes =>
  receiptEvidenceMessage.encode({
    kind: 'receipt-not-honoured',
    ...decisionProofOf(proof),
    receipt,
    standing,
  } satisfies ReceiptEvidence);

/**
 * Checks evidence from the authority's key alone. Throws `bad_proof` where the receipt was honoured after all (the very
 * contribution is in the list, left out of the set or not), `wrong_config` for the receipt of another round, and as
 * {@link verifyDecidedRound} and {@link verifyStanding}: whatever is not proved is no evidence.
 */
export function verifyReceiptEvidence(authorityKey: Bytes, bytes: Bytes): ReceiptNotHonoured {
  const evidence = receiptEvidenceMessage.decode(bytes);
  const decided = verifyDecidedRound(authorityKey, evidence);
  const receipt = inPart('receipt', () => openReceipt(decided.verified, evidence.receipt));
  const standing = inPart('standing', () =>
    verifyStanding(decided.verified, decided.decision, receipt.router, evidence.standing),
  );
  if (standing.kind !== 'absent' && sameBytes(standing.headerHash, receipt.header_hash)) {
    const what =
      standing.kind === 'included'
        ? 'it is in the decided set'
        : `it is in the list, and left out as ${standing.reason}`;
    throw new SecaggError('bad_proof', `the receipt of ${receipt.router} was honoured: ${what}`, {
      party: receipt.router,
      round: decided.round,
      part: 'standing',
    });
  }
  return {
    ...decided,
    router: receipt.router,
    coordinator: receipt.coordinator,
    how: standing.kind === 'absent' ? 'absent' : 'replaced',
  };
}

/**
 * A receipt of this configuration of the round, signed by the coordinator that announced it. Throws `bad_signature` or
 * `wrong_config`.
 */
function openReceipt({ view, config, configHash }: VerifiedRound, signed: Signed): Receipt {
  const { public_key } = certificateOf(view, config.coordinator, 'coordinator', config.round_time_ms);
  const receipt = openDocument(receiptMessage, view.fleet, signed, public_key, config.coordinator);
  const same =
    receipt.fleet === config.fleet &&
    receipt.cluster === config.cluster &&
    receipt.round === config.round &&
    receipt.coordinator === config.coordinator &&
    sameBytes(receipt.config_hash, configHash);
  if (!same)
    throw new SecaggError('wrong_config', 'the receipt is of another round', {
      party: config.coordinator,
      round: config.round,
    });
  return receipt;
}
