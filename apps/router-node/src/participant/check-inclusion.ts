/**
 * Whether a receipt was honoured, as soon as a round is decided: a few hashes under what the quorum signed, whatever is
 * published later.
 */
import {
  answeredRound,
  namedView,
  isHonoured,
  proofOfRound,
  sameBytes,
  type VerifiedInclusion,
  verifyInclusionProof,
} from '@secagg/protocol';
import { type InclusionProof, SecaggError } from '@secagg/schema';
import { failpoint, sending } from '../failpoint';
import { isTransient } from '../fleet/coordinator-contact';
import { checkOneDecision } from './one-decision';
import { evidenceOf, raiseAlarm } from './receipt-alarm';
import { type Router, stateOf } from './router';

/**
 * Asks the coordinator for this router's place in a round that was decided `ready`, and keeps decision and evidence. It
 * settles nothing: what the round costs and what came out of it are found in its whole record alone, which shows a
 * missing contribution too. So a coordinator that gives no proof, or a false one, gains nothing by it; the latter is
 * counted.
 * @returns whether there was a proof that holds, or none is needed
 */
export async function checkInclusion(router: Router, key: string, signal: AbortSignal): Promise<boolean> {
  const { client, contact, context, log, metrics } = router;
  const participation = stateOf(router).participations.get(key);
  if (!participation?.receipt) return true;
  const { cluster, round } = participation;
  let proof: InclusionProof | undefined;
  try {
    proof = await sending('inclusion', () =>
      contact.track(client.inclusion(cluster, round, context.identity.id, { signal, attempts: 2 })),
    );
    take(router, key, proof);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SecaggError)) throw error;
    if (proof) metrics.messageRefused(error.code);
    log[proof || !isTransient(error) ? 'warn' : 'debug'](
      { round, code: error.code, detail: error.message },
      'no proof of where this contribution stands',
    );
    return false;
  }
}

function take(router: Router, key: string, proof: InclusionProof): void {
  const { store, context } = router;
  const { view, participations } = stateOf(router);
  const participation = participations.get(key);
  if (!participation?.receipt) return;
  const { receipt, headerHash } = participation;
  const round = answeredRound(view, participation);
  const { decision, standing } = verifyInclusionProof(round, context.identity.id, proof);
  checkOneDecision(router, key, decision.decision.body);
  const documents = namedView(view, round.config)?.documents;
  // Documents that were replaced many times since are not kept: nobody could check a proof without them.
  if (!documents) return;
  const shown = proofOfRound(documents, round, decision);
  const evidence = isHonoured(receipt, isListed(standing, headerHash))
    ? undefined
    : evidenceOf(router, receipt, shown, proof.standing);
  failpoint('before-durable:decision-kept');
  const isNew = store.transaction(() => {
    store.decided.put(key, shown, router.now());
    failpoint('in-durable:decision-kept');
    return evidence !== undefined && store.evidence.put(key, receipt, evidence, router.now());
  });
  failpoint('after-durable:decision-kept');
  if (isNew) raiseAlarm(router, round.config.cluster, round.config.round);
}

/** In the set, or in the list and left out of the set for a reason that the reports give. */
const isListed = (standing: VerifiedInclusion['standing'], headerHash: Uint8Array): boolean =>
  standing.kind !== 'absent' && sameBytes(standing.headerHash, headerHash);
