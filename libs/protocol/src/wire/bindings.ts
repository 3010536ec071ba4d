/** What sealed boxes and commitments are bound to: sender and receiver compute it alike (docs/protocol.md, "Contribution"). */
import { type CommitmentContext, domainMessage } from '@secagg/crypto';
import { type Bytes, type PartyId } from '@secagg/schema';
import { bound } from '../checks/check';
import { type AnnouncedRound, NOBODY, NOWHERE } from '../round/verified-round';

export const sealingInfo = (fleet: string): Bytes => domainMessage('sealed-seeds', fleet);

/** Binds a box to epoch, round, router and member: moved anywhere else it does not open. */
export const boxAad = (round: AnnouncedRound, router: PartyId, member: number): Bytes =>
  domainMessage(
    'box',
    bound('box.bound', round.epoch.hash, NOWHERE),
    bound('box.bound', round.configHash, NOWHERE),
    bound('box.bound', router, NOBODY),
    member,
  );

/** What commitments to seeds are bound to: the round's pieces and configuration, and the router. */
export const commitmentContext = (round: AnnouncedRound, router: PartyId): CommitmentContext => ({
  pieces: round.epoch.pieces,
  configHash: round.configHash,
  routerId: router,
});
