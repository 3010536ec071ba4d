import { inclusionProofMessage } from '@secagg/schema';
import { messageReply, type Operation } from '../http/operation';
import { clusterOf, partyOf, roundOf } from '../http/parameters';
import { type ProofSource } from '../rounds/proofs';

export const getInclusion = (proofs: ProofSource): Operation => ({
  id: 'get-inclusion',
  method: 'get',
  path: '/v1/clusters/:cluster/rounds/:round/inclusion',
  summary:
    "Proof of where a router's contribution stands in a round that was decided to be opened: in the set, left out, or not there",
  query: { router: 'id of the router' },
  replies: {
    200: 'inclusion-proof',
    404: 'no such round, or it is not kept any more',
    409: 'the round is not decided, or was aborted',
  },
  async handle(call) {
    return messageReply(
      inclusionProofMessage,
      await proofs.inclusion(clusterOf(call), roundOf(call), partyOf(call, 'router')),
    );
  },
});
