import { DpNoiseError } from '../errors';
import {
  DAY_MS,
  endDayOf,
  openKey,
  requestUnitsOf,
  type LedgerEvent,
  type LedgerState,
  type OpenCharge,
} from './state';

function illegal(event: LedgerEvent, reason: string): never {
  throw new DpNoiseError('illegal_event', `The ledger event does not follow: ${reason}`, {
    kind: event.kind,
    cluster: event.cluster,
    round: event.round,
  });
}

function charge(state: LedgerState, event: LedgerEvent & { kind: 'charged' }): LedgerState {
  if ((state.latestRounds.get(event.cluster) ?? 0) >= event.round)
    illegal(event, 'the round number is not above those charged');
  const day = Math.max(Math.floor(event.atMs / DAY_MS), state.latestDay);
  const { cluster, round, configHash, units, carriedUnits, endMs } = event;
  const charge: OpenCharge = {
    cluster,
    round,
    configHash,
    units,
    ...(carriedUnits === undefined ? {} : { carriedUnits }),
    day,
    ...(endMs === undefined ? {} : { endDay: Math.floor(endMs / DAY_MS) }),
  };
  return {
    ...state,
    open: new Map(state.open).set(openKey(event), charge),
    latestRounds: new Map(state.latestRounds).set(cluster, round),
    latestDay: day,
  };
}

function closeCharge(state: LedgerState, event: LedgerEvent): { open: Map<string, OpenCharge>; closed: OpenCharge } {
  const closed = state.open.get(openKey(event));
  if (closed === undefined || closed.configHash !== event.configHash) return illegal(event, 'no such charge is open');
  const open = new Map(state.open);
  open.delete(openKey(event));
  return { open, closed };
}

/**
 * The state after a durable event. Rebuilding a ledger is applying its events in the order they were made.
 * @throws DpNoiseError `illegal_event` for an event that `decide*` would not have returned for this state, such as the
 * same
 *   one twice: the log is then damaged, and a ledger that guessed could charge too little
 */
export function applyLedgerEvent(state: LedgerState, event: LedgerEvent): LedgerState {
  if (event.kind === 'charged') return charge(state, event);
  const { open, closed } = closeCharge(state, event);
  if (event.kind === 'released') return { ...state, open };
  if (event.units > closed.units) illegal(event, 'the correction exceeds the charge');
  // A round is known from when it was opened, not from when it was charged for; a clock set back does not backdate it.
  // Nothing is opened after its end.
  const day = Math.min(Math.max(Math.floor(event.atMs / DAY_MS), closed.day), endDayOf(closed));
  const total = state.settled.get(day) ?? { units: 0, rounds: 0 };
  return {
    ...state,
    open,
    settled: new Map(state.settled).set(day, {
      units: total.units + event.units,
      rounds: total.rounds + 1,
      requestUnits: Math.max(requestUnitsOf(total), (closed.carriedUnits ?? 0) + event.units),
    }),
  };
}
