/** Takes seeds that one holder passes to another (docs/protocol.md, "Answering"). */
import { SecaggError, type Signed, transferMessage } from '@secagg/schema';
import { ensure, under } from '../checks/check';
import { sameBytes } from '../wire/bytes';
import { openUnder } from '../checks/open-under';
import { checkInRound } from '../round/contribution-set';
import { type Step } from '../role';
import { type CoordinatorEvent, type CoordinatorState, roundOf } from './state';
import { nothing, readyDecision } from './committee-words';

/** Takes seeds that one holder passes to another after the decision. Only the receiver can look inside. */
export function receiveTransfer(state: CoordinatorState, key: string, signed: Signed): Step<CoordinatorEvent> {
  const round = roundOf(state, key);
  const decision = readyDecision(round);
  const claimed = transferMessage.decode(signed.body);
  const seat = round.verified.epoch.body.members[claimed.from];
  if (!seat || !round.verified.epoch.body.members[claimed.to])
    throw new SecaggError('no_seat', 'the transfer is between no members of the epoch');
  const transfer = openUnder('answer.signed', transferMessage, state.view.fleet, signed, {
    key: seat.vote_key,
    id: seat.id,
  });
  under('answer.signed', () => checkInRound(round.verified, transfer, seat.id));
  ensure(
    'answer.signed',
    sameBytes(transfer.decision_hash, decision.hash),
    'no_decision',
    'the transfer is about another decision',
    { party: seat.id },
  );
  if (round.transfers.has(`${transfer.from}>${transfer.to}`)) return nothing;
  return { events: [{ type: 'transfer-received', key, transfer: signed }], reply: undefined };
}
