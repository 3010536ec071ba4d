import { bytesReply, cbor, defineOperation, integerText, type Operation, partyParameter, replyOf } from '@secagg/http';
import { evidenceMessage, SecaggError } from '@secagg/schema';
import { z } from 'zod';
import { type RouterStore } from '../store/router-store';

export const getEvidence = ({ misbehaviour }: Pick<RouterStore, 'misbehaviour'>): Operation =>
  defineOperation({
    id: 'get-evidence',
    method: 'get',
    path: '/v1/evidence/:kind/:party/:serial',
    summary: "The signed statements that prove a party's misbehaviour, to be passed on",
    params: { kind: z.string(), party: partyParameter, serial: integerText(0, Number.MAX_SAFE_INTEGER) },
    replies: { 200: replyOf(cbor(evidenceMessage), 'The proof'), 404: 'there is no such evidence' },
    async handle({ params: { kind, party, serial } }) {
      const message = misbehaviour.message(kind, party, serial);
      if (!message) throw new SecaggError('not_found', 'there is no such evidence');
      return bytesReply(message);
    },
  });
