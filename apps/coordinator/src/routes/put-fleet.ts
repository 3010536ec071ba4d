import { cbor, defineOperation, noContent, type Operation, readMessage } from '@secagg/http';
import { updateFleet } from '@secagg/protocol';
import { fleetDocumentsMessage } from '@secagg/schema';
import { type Engine } from '../engine';

export const putFleet = ({ journal }: Engine): Operation =>
  defineOperation({
    id: 'put-fleet',
    method: 'put',
    path: '/v1/fleet',
    summary: 'Replaces policy and roster by newer ones of the fleet authority',
    request: [cbor(fleetDocumentsMessage)],
    urgent: true,
    replies: { 204: 'taken, or held already' },
    async handle(call) {
      // The authority's signature is all the authentication there is to do.
      const documents = await readMessage(call, fleetDocumentsMessage);
      await journal.commit(({ view }) => ({ events: updateFleet(view, documents), reply: undefined }));
      return noContent;
    },
  });
