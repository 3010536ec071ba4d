/** What another party's proof of a decision does to a router's part in the round (docs/protocol.md, "Deciding"). */
import { type DecisionProof, roundConfigMessage, SecaggError } from '@secagg/schema';
import { type DecidedRound, verifyDecidedRound } from '../proofs/decision-proof';
import { verifyDecision } from '../round/decision';
import { roundKey } from '../round/verified-round';
import { type Step } from '../role';
import { type RouterEvent, type RouterState } from './state';
import { answeredRound } from './participation';
import { settleAborted } from './settle-aborted';

export interface ProvenDecision {
  /** Of the participation. */
  readonly key: string;
  readonly decided: DecidedRound;
}

/**
 * Takes a decision on a round that this router answered as if the coordinator had shown it: an abort gives observations
 * and charge back; after `ready` both stay taken, and only the round's own record can still show that this router was
 * left out. It does not matter who shows it. Throws `no_round` for a round that was not answered here, `wrong_config`
 * for another configuration than the one answered, `duplicate` when the round is settled the other way, and as {@link
 * verifyDecidedRound}. Whatever is thrown, nothing has changed.
 */
export function settleByProof(
  state: RouterState,
  proof: DecisionProof,
  nowMs: number,
): Step<RouterEvent, ProvenDecision> {
  // What costs little comes first: anybody can ask for this.
  const claimed = roundConfigMessage.decode(proof.announcement.body);
  const key = roundKey(claimed.cluster, claimed.round);
  const participation = state.participations.get(key);
  if (!participation)
    throw new SecaggError('no_round', 'this router did not take part in the round', { round: claimed.round });
  // On the round as it was checked before it was answered: the proof may be about another configuration of it, under
  // older documents.
  const answered = answeredRound(state.view, participation);
  const { body } = verifyDecision(answered, proof.decision);
  const decided = verifyDecidedRound(state.view.authorityKey, proof, answered.view);
  const { outcome } = participation;
  if (outcome && outcome !== 'undecided' && (outcome === 'aborted') !== (body.kind === 'abort')) {
    throw new SecaggError(
      'duplicate',
      `the round is settled already, and not by an ${body.kind === 'abort' ? 'abort' : 'opening'}: there are two decisions`,
      { round: decided.round },
    );
  }
  const events = body.kind === 'abort' ? settleAborted(state, key, proof.decision, nowMs).events : [];
  return { events, reply: { key, decided } };
}
