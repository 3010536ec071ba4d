/** Fleet documents in a snapshot: those in force, and those before them that rounds in flight may name. */
import { freshnessProofMessage, SecaggError } from '@secagg/schema';
import { type FleetDocuments, type FleetView, verifyFleet } from './fleet-view';
import { evolveFleet } from './update-fleet';
import { storedFreshness, type VerifiedFreshness } from './freshness';

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

/** The newest statement that they are current. */
export const storedProof = ({ freshness }: { freshness?: VerifiedFreshness }): { freshness?: Uint8Array } =>
  freshness ? { freshness: freshnessProofMessage.encode(freshness.proof) } : {};

export const restoredProof = ({ freshness }: { freshness?: Uint8Array }): { freshness?: VerifiedFreshness } =>
  freshness ? { freshness: storedFreshness(freshness) } : {};
