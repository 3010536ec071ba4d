/** Fleet documents in a snapshot: those in force, and those before them that rounds in flight may name. */
import { evolveFleet, type FleetDocuments, type FleetView, verifyFleet } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';

/** Oldest first. */
export function storedView(view: FleetView): FleetDocuments[] {
  return [...(view.previous ? storedView(view.previous) : []), view.documents];
}

/** Verifies all of them again under the authority's key. */
export function restoreView(authorityKey: Uint8Array, [oldest, ...later]: readonly FleetDocuments[]): FleetView {
  if (!oldest) throw new SecaggError('internal', 'the snapshot has no fleet documents');
  return later.reduce(
    (view, documents) => evolveFleet(view, { type: 'fleet-updated', documents }),
    verifyFleet(authorityKey, oldest),
  );
}
