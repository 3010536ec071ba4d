import {
  cbor,
  clusterParameter,
  defineOperation,
  messageReply,
  type Operation,
  partyParameter,
  replyOf,
  roundParameter,
} from '@secagg/http';
import { inclusionProofMessage } from '@secagg/schema';
import { type ProofSource } from '../rounds/proofs';

export const getInclusion = (proofs: ProofSource): Operation =>
  defineOperation({
    id: 'get-inclusion',
    method: 'get',
    path: '/v1/clusters/:cluster/rounds/:round/inclusion',
    params: { cluster: clusterParameter, round: roundParameter },
    summary:
      "Proof of where a router's contribution stands in a round that was decided to be opened: in the set, left out, or not there",
    query: { router: partyParameter.describe('id of the router') },
    replies: {
      200: replyOf(cbor(inclusionProofMessage), 'The proof'),
      404: 'no such round, or it is not kept any more',
      409: 'the round is not decided, or was aborted',
    },
    async handle(call) {
      return messageReply(
        inclusionProofMessage,
        await proofs.inclusion(call.params.cluster, call.params.round, call.query.router),
      );
    },
  });
