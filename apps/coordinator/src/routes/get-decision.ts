import { CBOR_TYPE, type Operation } from '../http/operation';
import { clusterOf, roundOf } from '../http/parameters';
import { type ProofSource } from '../rounds/proofs';

export const getDecision = (proofs: ProofSource): Operation => ({
  id: 'get-decision',
  method: 'get',
  path: '/v1/clusters/:cluster/rounds/:round/decision',
  summary: "Proof of what was decided about a round, checkable from the authority's key alone",
  replies: { 200: 'decision-proof', 404: 'no such round, or it is not kept any more', 409: 'the round is not decided' },
  async handle(call) {
    return { status: 200, type: CBOR_TYPE, body: await proofs.decision(clusterOf(call), roundOf(call)) };
  },
});
