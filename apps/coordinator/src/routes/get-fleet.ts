import { createHash } from 'node:crypto';
import { fleetDocumentsMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { messageReply, type Operation } from '../http/operation';

export const getFleet = ({ journal }: Engine): Operation => ({
  id: 'get-fleet',
  method: 'get',
  path: '/v1/fleet',
  summary: 'The newest signed policy and roster',
  replies: { 200: 'fleet-documents', 304: 'unchanged since If-None-Match' },
  async handle(call) {
    const { policy, roster } = journal.state.view.documents;
    const etag = `"${createHash('sha256').update(policy.signature).update(roster.signature).digest('hex')}"`;
    if (call.headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
    return { ...messageReply(fleetDocumentsMessage, { policy, roster }), headers: { etag } };
  },
});
