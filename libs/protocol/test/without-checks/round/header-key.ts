/**
 * Without `header.certificate`, a router that is not on the roster has a key like any other: one that it did not sign
 * with.
 */
import { type Bytes, type PartyId } from '@secagg/schema';
import { under } from '../../../src/checks/check';
import { certificateOf, type FleetView } from '../../../src/fleet/fleet-view';

const NO_KEY: Bytes = new Uint8Array(32);

export const keyOf = (view: FleetView, router: PartyId, roundTimeMs: number): Bytes =>
  under('header.certificate', () => certificateOf(view, router, 'router', roundTimeMs).public_key) ?? NO_KEY;
