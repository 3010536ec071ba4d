/** Setting up an epoch: seats, the proposed list, the signatures of all members (docs/protocol.md, "Epochs"). */
import { sealingSuite, verifyMessage } from '@secagg/crypto';
import {
  type Bytes,
  epochMessage,
  type EpochSignature,
  type PartyId,
  type Seat,
  seatMessage,
  SecaggError,
  type Signed,
} from '@secagg/schema';
import { ensure } from '../checks/check';
import { openDocument } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { isOfNow, type VerifiedEpoch } from '../epoch/verified-epoch';
import { refuseSecond } from '../evidence/refuse-second';
import { certificateOf } from '../fleet/fleet-view';
import { checkFresh } from '../fleet/freshness';
import { type Step } from '../role';
import { newestEpoch, nextEpochNumber } from './numbering';
import { checkStanding, isExcluded } from './standing';
import { type CoordinatorEvent, type CoordinatorState, epochOf, type EpochState, type EpochTerms } from './state';

/**
 * Starts a new epoch under the current policy: its candidates are asked for seats. Those that took a seat since the last complete epoch
 * and then did not sign are passed over where enough others remain, or one candidate could keep every epoch from coming about.
 * Throws `stale_documents`.
 */
export function startEpoch(
  state: CoordinatorState,
  lifetimeMs: number,
  nowMs: number,
): Step<CoordinatorEvent, EpochTerms> {
  checkFresh(state, nowMs);
  const { policy, roster } = state.view;
  const terms: EpochTerms = {
    epoch: nextEpochNumber(state),
    policy_version: policy.version,
    roster_version: roster.version,
    threshold: policy.committee.threshold,
    sealing_suite: policy.sealing_suites[0],
    not_after_ms: nowMs + Math.min(lifetimeMs, policy.committee.max_epoch_ms),
    candidates: promisingCandidates(state),
  };
  return { events: [{ type: 'epoch-started', terms }], reply: terms };
}

/** The newest complete epoch, if it is one of now: routers and members refuse one that has ended, and one made while clocks were ahead. */
export function epochInForce({ epoch, view }: CoordinatorState, nowMs: number): VerifiedEpoch | undefined {
  return epoch && isOfNow(view, epoch.epoch, nowMs) ? epoch : undefined;
}

/** Newest epochs that stay, complete or not, for what they tell of silent candidates. */
const KEPT_EPOCHS = 64;
/** Epochs that one step releases. */
const MOST_RELEASED = 256;

/** Releases epochs that nothing needs: not in force, not of a round in memory, and not among the last attempts. The reply has their numbers. */
export function releaseEpochs(state: CoordinatorState): Step<CoordinatorEvent, readonly number[]> {
  const inForce = state.epoch?.epoch.epoch ?? 0;
  const needed = new Set([inForce, ...[...state.rounds.values()].map(({ round }) => round.config.epoch)]);
  const kept = newestEpoch(state) - KEPT_EPOCHS;
  const released = [...state.epochs.keys()]
    .filter((number) => (number < inForce || number <= kept) && !needed.has(number))
    .slice(0, MOST_RELEASED);
  return { events: released.length > 0 ? [{ type: 'epochs-released', epochs: released }] : [], reply: released };
}

/** As many as are needed, of those that were silent least often: who was slow once must not count like who never signs. */
function promisingCandidates(state: CoordinatorState): readonly PartyId[] {
  const { size, candidates } = state.view.policy.committee;
  const standing = candidates.filter((candidate) => !isExcluded(state, candidate));
  const silences = silentSeats(state);
  for (const most of [...new Set(standing.map((candidate) => silences.get(candidate) ?? 0))].sort((a, b) => a - b)) {
    const promising = standing.filter((candidate) => (silences.get(candidate) ?? 0) <= most);
    if (promising.length >= size) return promising;
  }
  return candidates;
}

/** How often each candidate took a seat since the last complete epoch and did not sign. */
function silentSeats(state: CoordinatorState): Map<PartyId, number> {
  const inForce = state.epoch?.epoch.epoch ?? 0;
  const counts = new Map<PartyId, number>();
  for (const [number, { members, signatures }] of state.epochs) {
    if (number <= inForce) continue;
    for (const member of members) if (!signatures.has(member)) counts.set(member, (counts.get(member) ?? 0) + 1);
  }
  return counts;
}

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
