/** Takes a candidate's seat, and proposes the list when there are enough (docs/protocol.md, "Epochs"). */
import { sealingSuite } from '@secagg/crypto';
import { type Bytes, epochMessage, type Seat, seatMessage, SecaggError, type Signed } from '@secagg/schema';
import { ensure } from '../checks/check';
import { openDocument } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { refuseSecond } from '../evidence/refuse-second';
import { certificateOf } from '../fleet/fleet-view';
import { type Step } from '../role';
import { checkStanding } from './standing';
import { type CoordinatorEvent, type CoordinatorState, epochOf, type EpochState, type EpochTerms } from './state';

/**
 * Takes a seat signed by a candidate. When as many are taken as the committee has members, the list is proposed.
 * The identical seat again is harmless; another one of the same member is refused (`duplicate`).
 */
export function receiveSeat(state: CoordinatorState, signed: Signed, nowMs: number): Step<CoordinatorEvent> {
  const claimed = seatMessage.decode(signed.body);
  const epoch = epochOf(state, claimed.epoch);
  const { public_key } = certificateOf(state.view, claimed.member, 'committee', nowMs);
  const seat = openDocument(seatMessage, state.view.fleet, signed, public_key, claimed.member);
  const party = seat.member;
  checkStanding(state, party);
  if (!epoch.terms.candidates.includes(party))
    throw new SecaggError('no_seat', `${party} is not a committee candidate`, { party });
  checkTerms(epoch.terms, seat);
  sealingSuite(seat.sealing_suite).recipient(seat.kem_key);
  const copied = [...epoch.seats.values()].some(
    ({ seat: other }) =>
      other.member !== party && (sameBytes(other.kem_key, seat.kem_key) || sameBytes(other.vote_key, seat.vote_key)),
  );
  ensure('epoch.distinct_keys', !copied, 'invalid', `${party} offers a key of another member`, {
    party,
    epoch: epoch.terms.epoch,
  });
  const held = epoch.seats.get(party);
  if (held) {
    if (sameBytes(held.signed.body, signed.body)) return { events: [], reply: undefined };
    refuseSecond(
      'epoch.one_list',
      state.view,
      { kind: 'two-seats', party, statements: [held.signed, signed] },
      {
        code: 'duplicate',
        message: `${party} has taken another seat in the epoch`,
        details: { epoch: epoch.terms.epoch },
      },
    );
    return { events: [], reply: undefined };
  }
  // The committee is complete: further candidates are not needed.
  if (epoch.body) return { events: [], reply: undefined };
  const events: CoordinatorEvent[] = [{ type: 'seat-taken', seat: signed }];
  const seats = new Map([...epoch.seats, [party, { signed, seat }]]);
  if (seats.size === state.view.policy.committee.size) {
    events.push({
      type: 'epoch-proposed',
      epoch: epoch.terms.epoch,
      body: proposedBody(state.view.fleet, epoch.terms, seats),
    });
  }
  return { events, reply: undefined };
}

function checkTerms(terms: EpochTerms, seat: Seat): void {
  const same =
    seat.policy_version === terms.policy_version &&
    seat.roster_version === terms.roster_version &&
    seat.threshold === terms.threshold &&
    seat.sealing_suite === terms.sealing_suite &&
    seat.not_after_ms === terms.not_after_ms;
  if (!same) throw new SecaggError('wrong_epoch', 'the seat was taken under other terms', { party: seat.member });
}

function proposedBody(fleet: string, terms: EpochTerms, seats: EpochState['seats']): Bytes {
  return epochMessage.encode({
    v: 1,
    fleet,
    epoch: terms.epoch as Seat['epoch'],
    policy_version: terms.policy_version,
    roster_version: terms.roster_version,
    threshold: terms.threshold,
    sealing_suite: terms.sealing_suite,
    not_after_ms: terms.not_after_ms,
    members: [...seats.values()]
      .map(({ seat }) => seat)
      .sort((a, b) => (a.member < b.member ? -1 : 1))
      .map(({ member, kem_key, vote_key }) => ({ id: member, kem_key, vote_key })),
  });
}
