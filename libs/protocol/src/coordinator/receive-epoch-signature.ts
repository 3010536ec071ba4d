/** Takes a member's signature on the proposed epoch (docs/protocol.md, "Epochs"). */
import { verifyMessage } from '@secagg/crypto';
import { epochMessage, type EpochSignature, SecaggError } from '@secagg/schema';
import { ensure } from '../checks/check';
import { certificateOf } from '../fleet/fleet-view';
import { type Step } from '../role';
import { type CoordinatorEvent, type CoordinatorState, epochOf, type EpochState } from './state';

/** Takes a member's signature on the proposed epoch. With the last of them the epoch is complete. */
export function receiveEpochSignature(
  state: CoordinatorState,
  message: EpochSignature,
  nowMs: number,
): Step<CoordinatorEvent> {
  const epoch: EpochState = epochOf(state, message.epoch);
  const party = message.member;
  if (!epoch.body || !epoch.members.includes(party))
    throw new SecaggError('no_seat', `${party} has no seat in epoch ${message.epoch}`, { party });
  const { public_key } = certificateOf(state.view, party, 'committee', nowMs);
  const signed = verifyMessage(
    public_key,
    { type: epochMessage.type, fleet: state.view.fleet },
    message.signature,
    epoch.body,
  );
  ensure('epoch.signed_by_all', signed, 'bad_signature', `the epoch is not signed by ${party}`, {
    party,
    epoch: message.epoch,
  });
  if (epoch.signatures.has(party)) return { events: [], reply: undefined };
  return {
    events: [{ type: 'epoch-signed', epoch: epoch.terms.epoch, member: party, signature: message.signature }],
    reply: undefined,
  };
}
