/**
 * Fleet documents, handed to this node by others than its coordinator. Their signatures are all the authentication
 * there is to do.
 */
import { cbor, defineOperation, noContent, type Operation, readMessage } from '@secagg/http';
import { fleetDocumentsMessage, freshnessProofMessage } from '@secagg/schema';
import { type FleetKeeper } from '../fleet/fleet-keeper';

export const putFleet = (fleet: Pick<FleetKeeper, 'take' | 'unlocked'>): Operation =>
  defineOperation({
    id: 'put-fleet',
    method: 'put',
    path: '/v1/fleet',
    summary: 'Takes newer policy and roster of the fleet authority, from any sender',
    request: [cbor(fleetDocumentsMessage)],
    replies: { 204: 'taken, or held already' },
    async handle(call) {
      const documents = await readMessage(call, fleetDocumentsMessage);
      await fleet.unlocked();
      fleet.take(documents);
      return noContent;
    },
  });

export const putFreshness = (fleet: Pick<FleetKeeper, 'takeStatement' | 'unlocked'>): Operation =>
  defineOperation({
    id: 'put-freshness',
    method: 'put',
    path: '/v1/freshness',
    summary: 'Takes a newer statement of which policy and roster are current, from any sender',
    request: [cbor(freshnessProofMessage)],
    replies: { 204: 'taken, or held already' },
    async handle(call) {
      const proof = await readMessage(call, freshnessProofMessage);
      await fleet.unlocked();
      fleet.takeStatement(proof);
      return noContent;
    },
  });
