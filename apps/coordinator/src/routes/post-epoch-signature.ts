import { cbor, defineOperation, noContent, type Operation, readMessage } from '@secagg/http';
import { receiveEpochSignature } from '@secagg/protocol';
import { epochSignatureMessage } from '@secagg/schema';
import { type Engine } from '../engine';

export const postEpochSignature = ({ journal, now }: Engine): Operation =>
  defineOperation({
    id: 'post-epoch-signature',
    method: 'post',
    path: '/v1/committee/epoch-signatures',
    summary: 'A member signs the proposed epoch; with the last signature it is complete',
    request: [cbor(epochSignatureMessage)],
    urgent: true,
    replies: { 204: 'taken' },
    async handle(call) {
      const signature = await readMessage(call, epochSignatureMessage);
      await journal.commit((state) => receiveEpochSignature(state, signature, now()));
      return noContent;
    },
  });
