import {
  bytesReply,
  cbor,
  clusterParameter,
  defineOperation,
  type Operation,
  replyOf,
  roundParameter,
} from '@secagg/http';
import { decisionProofMessage } from '@secagg/schema';
import { type ProofSource } from '../rounds/proofs';

export const getDecision = (proofs: ProofSource): Operation =>
  defineOperation({
    id: 'get-decision',
    method: 'get',
    path: '/v1/clusters/:cluster/rounds/:round/decision',
    params: { cluster: clusterParameter, round: roundParameter },
    summary: "Proof of what was decided about a round, checkable from the authority's key alone",
    replies: {
      200: replyOf(cbor(decisionProofMessage), 'The proof'),
      404: 'no such round, or it is not kept any more',
      409: 'the round is not decided',
    },
    async handle(call) {
      return bytesReply(await proofs.decision(call.params.cluster, call.params.round));
    },
  });
