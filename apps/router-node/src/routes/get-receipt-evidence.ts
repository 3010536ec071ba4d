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
import { receiptEvidenceMessage, SecaggError } from '@secagg/schema';
import { type RouterStore } from '../store/router-store';

export const getReceiptEvidence = ({ evidence }: Pick<RouterStore, 'evidence'>): Operation =>
  defineOperation({
    id: 'get-receipt-evidence',
    method: 'get',
    path: '/v1/evidence/receipt-not-honoured/:cluster/:round',
    summary:
      'A receipt of the coordinator that was not honoured, and the decision without the contribution, to be passed on',
    params: { cluster: clusterParameter, round: roundParameter },
    replies: { 200: replyOf(cbor(receiptEvidenceMessage), 'The proof'), 404: 'there is none about this round' },
    async handle({ params: { cluster, round } }) {
      const message = evidence.message(roundKey(cluster, round));
      if (!message) throw new SecaggError('not_found', 'there is no evidence about this round', { round });
      return bytesReply(message);
    },
  });
