/** The one place where a router's state changes. */
import { applyLedgerEvent, assumeSpent, type LedgerEvent } from '@secagg/dp-noise';
import { type EpochCertificate, epochMessage } from '@secagg/schema';
import { chargeEndMs } from '../round/privacy';
import { evolveFleet } from '../fleet/update-fleet';
import { storedFreshness } from '../fleet/freshness';
import { checkTransition } from '../role';
import { type Participation, type RouterEvent, type RouterState } from './state';
import { participationTransitions, phaseOf } from './transitions';

/** Earlier releases did not write down when a charge ends. */
const withEnd = (charge: LedgerEvent, { body }: EpochCertificate): LedgerEvent =>
  charge.kind === 'charged' ? { endMs: chargeEndMs(epochMessage.decode(body)), ...charge } : charge;

export function evolveRouter(state: RouterState, event: RouterEvent): void {
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
    case 'restored':
      state.restoredAtMs = Math.max(event.atMs, state.restoredAtMs ?? 0);
      state.ledger = assumeSpent(state.ledger, event.units, event.atMs);
      return;
    case 'contribution-prepared': {
      const { type: _type, key, charge, ...participation } = event;
      checkTransition(key, participationTransitions, phaseOf(state.participations.get(key)), 'prepared');
      state.participations.set(key, { ...participation });
      state.highestRound.set(event.cluster, Math.max(event.round, state.highestRound.get(event.cluster) ?? 0));
      if (charge) state.ledger = applyLedgerEvent(state.ledger, withEnd(charge, event.epochCertificate));
      // Only a round after its end, or after the policy gave it up, is answered.
      state.quarantines.delete(event.cluster);
      return;
    }
    case 'receipt-received':
      change(state, event.key, { receipt: event.receipt });
      return;
    case 'quarantine-told':
      state.quarantines.set(event.cluster, { round: event.round, untilRound: event.untilRound });
      return;
    case 'round-settled':
      change(state, event.key, { outcome: event.outcome });
      if (event.ledger) state.ledger = applyLedgerEvent(state.ledger, event.ledger);
  }
}

/** Either way the bytes are not sent again. Of rounds settled long ago the state has nothing to change. */
function change(state: RouterState, key: string, what: Pick<Participation, 'receipt' | 'outcome'>): void {
  const participation = state.participations.get(key);
  if (!participation) return;
  const from = phaseOf(participation);
  const to = phaseOf({ ...participation, ...what });
  if (from !== to) checkTransition(key, participationTransitions, from, to);
  Object.assign(participation, what);
  delete participation.bytes;
}
