/** Signs the list of an epoch's members (docs/protocol.md, "Epochs"). */
import { signMessage } from '@secagg/crypto';
import { type Bytes, epochMessage, type EpochSignature, seatMessage, SecaggError } from '@secagg/schema';
import { ensure } from '../checks/check';
import { sameBytes } from '../wire/bytes';
import { checkEpochTerms } from '../epoch/verified-epoch';
import { checkFresh } from '../fleet/freshness';
import { type Step } from '../role';
import { type MemberContext, type MemberEvent, type MemberState } from './state';

/** Signs the proposed list when this member is in it with exactly the keys of its seat. It signs one list an epoch. */
export function signEpoch(
  state: MemberState,
  context: MemberContext,
  body: Bytes,
  nowMs: number,
): Step<MemberEvent, EpochSignature> {
  const epoch = epochMessage.decode(body);
  const held = state.seats.get(epoch.epoch);
  if (!held?.secrets)
    throw new SecaggError('no_seat', `no seat was taken in epoch ${epoch.epoch}`, {
      epoch: epoch.epoch,
      check: 'seat.secrets',
    });
  const sameList = held.signedBody === undefined || sameBytes(held.signedBody, body);
  ensure('epoch.one_list', sameList, 'already_voted', `another list of epoch ${epoch.epoch} was signed`, {
    epoch: epoch.epoch,
  });
  if (!held.signedBody) checkFresh(state, nowMs);
  checkEpochTerms(state.view, epoch, nowMs);
  const seat = seatMessage.decode(held.seat.body);
  const own = epoch.members.find((member) => member.id === context.identity.id);
  const same =
    own &&
    sameBytes(own.kem_key, seat.kem_key) &&
    sameBytes(own.vote_key, seat.vote_key) &&
    epoch.policy_version === seat.policy_version &&
    epoch.roster_version === seat.roster_version &&
    epoch.not_after_ms === seat.not_after_ms &&
    epoch.sealing_suite === seat.sealing_suite;
  ensure('epoch.own_keys', same === true, 'no_seat', 'the proposed epoch does not hold the seat that was taken', {
    epoch: epoch.epoch,
  });
  const signature = signMessage(context.identity.secretKey, { type: epochMessage.type, fleet: state.view.fleet }, body);
  const events: MemberEvent[] = held.signedBody ? [] : [{ type: 'epoch-body-signed', epoch: epoch.epoch, body }];
  return {
    events,
    reply: { v: 1, fleet: state.view.fleet, epoch: epoch.epoch, member: context.identity.id, signature },
  };
}
