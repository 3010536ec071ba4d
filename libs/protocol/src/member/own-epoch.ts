/** An epoch in which this member has a seat, and when its secrets are erased (docs/protocol.md, "Epochs"). */
import { type EpochCertificate, seatMessage, SecaggError } from '@secagg/schema';
import { type VerifiedEpoch, verifyEpoch } from '../epoch/verified-epoch';
import { type FleetView } from '../fleet/fleet-view';
import { type MemberContext, type MemberEvent, type MemberState } from './state';

/**
 * Verifies an epoch certificate of which this member is part. Throws `no_seat` when it is not, or has lost its secrets.
 */
export function ownEpoch(
  state: MemberState,
  context: MemberContext,
  certificate: EpochCertificate,
  atMs: number,
  view: FleetView = state.view,
): { verified: VerifiedEpoch; index: number } {
  const verified = verifyEpoch(view, certificate, atMs);
  const index = verified.body.members.findIndex((member) => member.id === context.identity.id);
  const seated = index >= 0 && state.seats.get(verified.body.epoch)?.secrets !== undefined;
  if (!seated)
    throw new SecaggError('no_seat', `no seat in epoch ${verified.body.epoch}`, {
      epoch: verified.body.epoch,
      check: 'seat.secrets',
    });
  return { verified, index };
}

/**
 * Which epochs' secrets are to be erased now: those that ended, and those that a newer one replaced, `graceMs` after
 * (so that their last rounds can finish).
 * @param replacedAtMs when each epoch was first seen replaced by a newer one
 */
export function epochsToErase(
  state: MemberState,
  replacedAtMs: ReadonlyMap<number, number>,
  graceMs: number,
  nowMs: number,
): MemberEvent[] {
  return [...state.seats].flatMap(([epoch, { seat }]): MemberEvent[] => {
    const { not_after_ms } = seatMessage.decode(seat.body);
    const replaced = replacedAtMs.get(epoch);
    const over = nowMs > not_after_ms + graceMs || (replaced !== undefined && nowMs > replaced + graceMs);
    return over ? [{ type: 'epoch-erased', epoch }] : [];
  });
}
