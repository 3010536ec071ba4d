import { cbor, defineOperation, messageReply, noContent, type Operation, readMessage, replyOf } from '@secagg/http';
import { takeFreshness } from '@secagg/protocol';
import { freshnessProofMessage, SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';

export const getFreshness = ({ journal }: Engine): Operation =>
  defineOperation({
    id: 'get-freshness',
    method: 'get',
    path: '/v1/freshness',
    summary: 'The newest statement of which policy and roster are current',
    replies: {
      200: replyOf(cbor(freshnessProofMessage), 'The statement'),
      404: 'there is none',
    },
    async handle() {
      const { freshness } = journal.state;
      if (!freshness) throw new SecaggError('not_found', 'no statement of current documents is known here');
      return messageReply(freshnessProofMessage, freshness.proof);
    },
  });

export const putFreshness = ({ journal, now }: Engine): Operation =>
  defineOperation({
    id: 'put-freshness',
    method: 'put',
    path: '/v1/freshness',
    summary: 'Takes a newer statement of which policy and roster are current',
    request: [cbor(freshnessProofMessage)],
    urgent: true,
    replies: { 204: 'taken, or held already' },
    async handle(call) {
      // As for the documents, its signatures are all the authentication there is to do.
      const proof = await readMessage(call, freshnessProofMessage);
      await journal.commit((state) => ({ events: takeFreshness(state, proof, now()), reply: undefined }));
      return noContent;
    },
  });
