/**
 * A decision that somebody else shows: another router, its operator, anybody. It counts for what the quorum signed,
 * exactly as if the coordinator had shown it, so a coordinator that hides an abort from some routers cannot keep their
 * data and budget.
 */
import { settleByProof } from '@secagg/protocol';
import { decisionProofMessage } from '@secagg/schema';
import { checkOneDecision } from './one-decision';
import { type Router, stateOf } from './router';
import { afterAbort } from './settle';

export interface AcceptedDecision {
  readonly cluster: string;
  readonly round: number;
  readonly decision: 'ready' | 'abort';
  /** How the round has ended for this router; null while only its published record can tell. */
  readonly outcome: 'included' | 'left_out' | 'aborted' | null;
}

/**
 * @param bytes an encoded decision proof
 * Throws what decoding and `settleByProof` throw, and `duplicate` for a second decision on a round; then nothing has
 * changed.
 */
export function acceptDecision(router: Router, bytes: Uint8Array): AcceptedDecision {
  const { store, log } = router;
  const state = stateOf(router);
  const proof = decisionProofMessage.decode(bytes);
  const { events, reply } = settleByProof(state, proof, router.now());
  const { key, decided } = reply;
  const { cluster, round, decision } = decided;
  checkOneDecision(router, key, proof.decision.body);
  store.journal.append(events, () => {
    store.decided.put(key, proof, router.now());
    if (events.length > 0) router.releases.end(key, 'unused');
    store.budgetHistory.record(events);
  });
  if (events.length > 0) afterAbort(router, decision.body);
  else log.info({ round, decision: decision.body.kind }, 'shown a decision on a round');
  const { outcome = 'undecided' } = state.participations.get(key) ?? {};
  return { cluster, round, decision: decision.body.kind, outcome: outcome === 'undecided' ? null : outcome };
}
