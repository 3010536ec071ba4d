import {
  bytesReply,
  cbor,
  clusterParameter,
  defineOperation,
  type Operation,
  replyOf,
  roundParameter,
} from '@secagg/http';
import { roundKey } from '@secagg/protocol';
import { decisionProofMessage, SecaggError } from '@secagg/schema';
import { type RouterStore } from '../store/router-store';

export const getDecision = ({ decided }: Pick<RouterStore, 'decided'>): Operation =>
  defineOperation({
    id: 'get-decision',
    method: 'get',
    path: '/v1/clusters/:cluster/rounds/:round/decision',
    summary: 'What was decided about a round, for others who were not shown it',
    params: { cluster: clusterParameter, round: roundParameter },
    replies: {
      200: replyOf(cbor(decisionProofMessage), 'The proof'),
      404: 'no decision on this round was verified here, or it is not kept any more',
    },
    async handle({ params: { cluster, round } }) {
      const proof = decided.encoded(roundKey(cluster, round));
      if (!proof)
        throw new SecaggError('not_found', 'no decision on this round was verified here, or it is not kept any more', {
          round,
        });
      return bytesReply(proof);
    },
  });
