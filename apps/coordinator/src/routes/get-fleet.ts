import { cbor, defineOperation, messageReply, type Operation, replyOf } from '@secagg/http';
import { createHash } from 'node:crypto';
import { fleetDocumentsMessage } from '@secagg/schema';
import { type Engine } from '../engine';

export const getFleet = ({ journal }: Engine): Operation =>
  defineOperation({
    id: 'get-fleet',
    method: 'get',
    path: '/v1/fleet',
    summary: 'The newest signed policy and roster',
    replies: {
      200: replyOf(cbor(fleetDocumentsMessage), 'The documents, with an ETag'),
      304: 'unchanged since If-None-Match',
    },
    async handle(call) {
      const { policy, roster } = journal.state.view.documents;
      const etag = `"${createHash('sha256').update(policy.signature).update(roster.signature).digest('hex')}"`;
      if (call.headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
      return { ...messageReply(fleetDocumentsMessage, { policy, roster }), headers: { etag } };
    },
  });
