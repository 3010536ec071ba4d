/**
 * What a router does when its coordinator has not honoured a receipt: it proves it, keeps the proof and says so loudly.
 */
import { receiptEvidence, verifyReceiptEvidence } from '@secagg/protocol';
import { type DecisionProof, type Signed, type Standing } from '@secagg/schema';
import { type Router, stateOf } from './router';

/**
 * Encoded evidence, verified from the authority's key alone, as a third party would verify it: nobody is accused of
 * what that does not prove. Throws as {@link verifyReceiptEvidence}.
 */
export function evidenceOf(
  router: Router,
  receipt: Signed,
  proof: Omit<DecisionProof, 'v'>,
  standing: Standing,
): Uint8Array {
  const evidence = receiptEvidence(proof, receipt, standing);
  verifyReceiptEvidence(stateOf(router).view.authorityKey, evidence);
  return evidence;
}

/** Once for a round, when its evidence is on disk. */
export function raiseAlarm({ metrics, log }: Router, cluster: string, round: number): void {
  metrics.receiptNotHonoured(cluster);
  log.error(
    { cluster, round },
    'the coordinator acknowledged this contribution and the round was decided without it: see /v1/evidence for the proof',
  );
}
