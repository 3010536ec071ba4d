/** Newer fleet documents replace older ones, never the other way round (PROTOCOL section 1). */
import { SecaggError } from '@secagg/schema';
import { sameBytes } from '../documents';
import { type FleetDocuments, type FleetView, verifyFleet } from './fleet-view';

export interface FleetUpdated {
  readonly type: 'fleet-updated';
  readonly documents: FleetDocuments;
}

/**
 * Verifies documents against the authority key already trusted and returns the event to persist, or none when they are the
 * ones in force. Throws `policy` for documents older than those known, or others with the same version.
 */
export function updateFleet(view: FleetView, documents: FleetDocuments): readonly FleetUpdated[] {
  const next = verifyFleet(view.authorityKey, documents);
  if (next.fleet !== view.fleet) throw new SecaggError('policy', 'the documents are of another fleet');
  const compare = (name: 'policy' | 'roster') => {
    if (next[name].version < view[name].version) throw new SecaggError('policy', `the ${name} is older than the newest known`);
    const same = sameBytes(documents[name].body, view.documents[name].body);
    if (next[name].version === view[name].version && !same) throw new SecaggError('policy', `two different ${name} documents have version ${view[name].version}`);
    return same;
  };
  const policySame = compare('policy');
  const rosterSame = compare('roster');
  return policySame && rosterSame ? [] : [{ type: 'fleet-updated', documents }];
}

/** The view after a persisted update. */
export const evolveFleet = (view: FleetView, event: FleetUpdated): FleetView => verifyFleet(view.authorityKey, event.documents);
