/** Fleet documents, handed to this node by others than its coordinator. Their signatures are all the authentication there is to do. */
import { cbor, defineOperation, noContent, type Operation, readMessage } from '@secagg/http';
import { fleetDocumentsMessage, freshnessProofMessage } from '@secagg/schema';
import { type FleetKeeper } from '../fleet/fleet-keeper';

export const putFleet = (fleet: Pick<FleetKeeper, 'take'>): Operation =>
  defineOperation({
    id: 'put-fleet',
    method: 'put',
    path: '/v1/fleet',
    summary: 'Takes newer policy and roster of the fleet authority, whoever brings them',
    request: [cbor(fleetDocumentsMessage)],
    replies: { 204: 'taken, or held already' },
    async handle(call) {
      fleet.take(await readMessage(call, fleetDocumentsMessage));
      return noContent;
    },
  });

export const putFreshness = (fleet: Pick<FleetKeeper, 'takeStatement'>): Operation =>
  defineOperation({
    id: 'put-freshness',
    method: 'put',
    path: '/v1/freshness',
    summary: 'Takes a newer statement of which policy and roster are current, whoever brings it',
    request: [cbor(freshnessProofMessage)],
    replies: { 204: 'taken, or held already' },
    async handle(call) {
      fleet.takeStatement(await readMessage(call, freshnessProofMessage));
      return noContent;
    },
  });
