/** Whose signature a contribution needs. */
import { type Bytes, type PartyId } from '@secagg/schema';
import { under } from '../checks/check';
import { certificateOf, type FleetView } from '../fleet/fleet-view';

/** The public key of a router on the roster, by its certificate at the round time. Throws as {@link certificateOf}. */
export const keyOf = (view: FleetView, router: PartyId, roundTimeMs: number): Bytes =>
  under('header.certificate', () => certificateOf(view, router, 'router', roundTimeMs).public_key);
