/** The one place where a member's state changes. */
import { wipe } from '@secagg/crypto';
import { reportMessage } from '@secagg/schema';
import { ofRoundKey } from '../round/verified-round';
import { storedFreshness } from '../fleet/freshness';
import { evolveFleet } from '../fleet/update-fleet';
import { type MemberEvent, type MemberRound, type MemberState } from './state';

export function evolveMember(state: MemberState, event: MemberEvent): void {
  switch (event.type) {
    case 'fleet-updated':
      state.view = evolveFleet(state.view, event);
      return;
    case 'freshness-taken':
      state.freshness = storedFreshness(event.proof);
      return;
    case 'epoch-seen':
      state.highestEpoch = Math.max(state.highestEpoch, event.epoch);
      return;
    case 'seat-made':
      state.seats.set(event.epoch, { seat: event.seat, secrets: event.secrets });
      return;
    case 'epoch-body-signed': {
      const seat = state.seats.get(event.epoch);
      if (seat) seat.signedBody = event.body;
      return;
    }
    case 'reported':
      roundState(state, event.key, event.epoch).report = {
        signed: event.report,
        report: reportMessage.decode(event.report.body),
      };
      return;
    case 'voted': {
      const round = roundState(state, event.key, event.epoch);
      round.vote = event.vote;
      if (event.proposal) round.proposal = event.proposal;
      return;
    }
    case 'answered':
      roundState(state, event.key, event.epoch).answered ??= event.decision;
      return;
    case 'epoch-erased': {
      const seat = state.seats.get(event.epoch);
      if (seat?.secrets) wipe(seat.secrets.kemSecret, seat.secrets.voteSecret);
      state.seats.delete(event.epoch);
      // Its number is used up: a second seat in it would be another epoch under the same name.
      state.highestEpoch = Math.max(state.highestEpoch, event.epoch);
      forgetErasedRounds(state);
    }
  }
}

/** Keeps of the rounds without a seat the highest of each cluster: one vote a round, whatever epoch it is announced in again. */
function forgetErasedRounds(state: MemberState): void {
  const highest = new Map<string, number>();
  const erased = [...state.rounds]
    .filter(([, { epoch }]) => !state.seats.has(epoch))
    .map(([key]) => ({ key, ...ofRoundKey(key) }));
  for (const { cluster, round } of erased) highest.set(cluster, Math.max(round, highest.get(cluster) ?? 0));
  for (const { key, cluster, round } of erased) if (round < (highest.get(cluster) ?? 0)) state.rounds.delete(key);
}

function roundState(state: MemberState, key: string, epoch: number): MemberRound {
  const found = state.rounds.get(key);
  if (found) return found;
  const fresh: MemberRound = { epoch };
  state.rounds.set(key, fresh);
  return fresh;
}
