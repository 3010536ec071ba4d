/** The one place where a member's state changes. */
import { wipe } from '@secagg/crypto';
import { reportMessage } from '@secagg/schema';
import { ofRoundKey } from '../round/verified-round';
import { storedFreshness } from '../fleet/freshness';
import { evolveFleet } from '../fleet/update-fleet';
import { checkTransition } from '../role';
import { type MemberEvent, type MemberRound, type MemberState } from './state';
import { memberRoundPhase, memberRoundTransitions, seatPhase, seatTransitions } from './transitions';

/** Of seats that came to nothing. */
const USED_EPOCHS_KEPT = 4096;

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
      for (const used of state.usedEpochs) if (used <= state.highestEpoch) state.usedEpochs.delete(used);
      return;
    case 'seat-made': {
      const { seat, secrets, atMs } = event;
      checkTransition(`epoch ${event.epoch}`, seatTransitions, seatPhase(state.seats.get(event.epoch)), 'taken');
      state.seats.set(event.epoch, { seat, secrets, ...(atMs === undefined ? {} : { madeAtMs: atMs }) });
      return;
    }
    case 'epoch-body-signed': {
      const seat = state.seats.get(event.epoch);
      checkTransition(`epoch ${event.epoch}`, seatTransitions, seatPhase(seat), 'signed');
      if (seat) seat.signedBody = event.body;
      return;
    }
    case 'reported':
      say(state, event, { report: { signed: event.report, report: reportMessage.decode(event.report.body) } });
      return;
    case 'voted':
      say(state, event, { vote: event.vote, ...(event.proposal ? { proposal: event.proposal } : {}) });
      return;
    case 'answered':
      say(state, event, { answered: state.rounds.get(event.key)?.answered ?? event.decision });
      return;
    case 'epoch-erased': {
      const seat = state.seats.get(event.epoch);
      if (seat?.secrets) wipe(seat.secrets.kemSecret, seat.secrets.voteSecret);
      state.seats.delete(event.epoch);
      // Its number is used up: a second seat in it would be another epoch under the same name. Those below it are not.
      if (event.epoch > state.highestEpoch) state.usedEpochs.add(event.epoch);
      for (const oldest of state.usedEpochs) {
        if (state.usedEpochs.size <= USED_EPOCHS_KEPT) break;
        state.usedEpochs.delete(oldest);
      }
      forgetErasedRounds(state);
    }
  }
}

/** So many rounds of erased epochs are known as spoken about, in each cluster. */
const ERASED_KEPT = 4096;

/**
 * Of the rounds without a seat nothing is kept but that they were: one vote a round, whatever epoch it is announced in
 * again. (Of the highest of each cluster the vote stays, as earlier releases have it.) It is the rounds themselves that
 * are kept, not a number up to which they go: a single one with a high number must not keep this member from all rounds
 * below it.
 */
function forgetErasedRounds(state: MemberState): void {
  const byCluster = new Map<string, { key: string; round: number; epoch: number }[]>();
  for (const [key, { epoch }] of state.rounds) {
    if (state.seats.has(epoch)) continue;
    const { cluster, round } = ofRoundKey(key);
    const erased = byCluster.get(cluster) ?? [];
    erased.push({ key, round, epoch });
    byCluster.set(cluster, erased);
  }
  for (const erased of byCluster.values()) {
    const highest = Math.max(...erased.map(({ round }) => round));
    for (const { key, round, epoch } of erased) if (round < highest) state.rounds.set(key, { epoch });
    for (const { key } of erased.slice(0, Math.max(0, erased.length - ERASED_KEPT))) state.rounds.delete(key);
  }
}

function say(
  state: MemberState,
  { key, epoch }: { key: string; epoch: number },
  what: Omit<MemberRound, 'epoch'>,
): void {
  const before = state.rounds.get(key) ?? { epoch };
  const after = { ...before, ...what };
  const [from, to] = [memberRoundPhase(before), memberRoundPhase(after)];
  if (from !== to) checkTransition(key, memberRoundTransitions, from, to);
  state.rounds.set(key, after);
}
