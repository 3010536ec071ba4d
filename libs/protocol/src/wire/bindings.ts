/**
 * What sealed boxes and commitments are bound to: sender and receiver compute it alike (docs/protocol.md,
 * "Contribution").
 */
import { type CommitmentContext, domainMessage } from '@secagg/crypto';
import { type Bytes, type PartyId } from '@secagg/schema';
import { type AnnouncedRound } from '../round/verified-round';

export const sealingInfo = (fleet: string): Bytes => domainMessage('sealed-seeds', fleet);

/** What commitments to seeds are bound to: the round's pieces and configuration, and the router. */
export const commitmentContext = (round: AnnouncedRound, router: PartyId): CommitmentContext => ({
  pieces: round.epoch.pieces,
  configHash: round.configHash,
  routerId: router,
});
