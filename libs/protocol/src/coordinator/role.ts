/**
 * The coordinator as its engine knows it: how its state begins, changes, and what of it is written as a snapshot and
 * read back.
 */
import { endOpenCharges, type LedgerState } from '@secagg/dp-noise';
import { SecaggError } from '@secagg/schema';
import { verifyFleet } from '../fleet/fleet-view';
import { LONGEST_CHARGE_DAYS } from '../round/privacy';
import { type Role } from '../role';
import { type PastRounds } from './past-rounds';
import { type CoordinatorEvent, type CoordinatorState, emptyCoordinator } from './state';
import { evolveCoordinator } from './evolve';
import { roundTransitions } from './transitions';

/**
 * What must outlive the journal entries of released rounds: the highest round number of each cluster, what its rounds
 * came to, and the coordinator's privacy ledgers. Entries of other rounds are replayed on top; those the snapshot has
 * seen already change nothing, since a ledger takes each round once.
 */
interface Snapshot {
  latestRound: [string, number][];
  ledgers: [
    string,
    { open: [string, unknown][]; settled: [number, unknown][]; latestRounds: [string, number][]; latestDay: number },
  ][];
  /** Absent in what earlier releases wrote. */
  busyUntilMs?: [string, number][];
  pastRounds?: [string, PastRounds][];
}

/** @param authorityKey Ed25519 public key that the fleet documents in the journal must be signed by */
export function coordinatorRole(authorityKey: Uint8Array): Role<CoordinatorState, CoordinatorEvent> {
  return {
    transitions: { round: roundTransitions },
    evolve: evolveCoordinator,
    begin: (event) => {
      if (event.type !== 'fleet-updated')
        throw new SecaggError('internal', "the journal does not begin with the fleet's documents");
      return emptyCoordinator(verifyFleet(authorityKey, event.documents));
    },
    snapshot: coordinatorSnapshot,
    restore: (value, begun) => {
      if (!begun) throw new SecaggError('internal', 'the snapshot does not hold the fleet documents');
      applySnapshot(begun, value as Snapshot);
      return begun;
    },
  };
}

export const coordinatorSnapshot = (state: CoordinatorState): Snapshot => ({
  latestRound: [...state.latestRound],
  ledgers: [...state.ledgers].map(([cluster, { open, settled, latestRounds, latestDay }]) => [
    cluster,
    { open: [...open], settled: [...settled], latestRounds: [...latestRounds], latestDay },
  ]),
  busyUntilMs: [...state.numbering.busyUntilMs],
  pastRounds: [...state.pastRounds],
});

function applySnapshot(
  state: CoordinatorState,
  { latestRound, ledgers, busyUntilMs = [], pastRounds = [] }: Snapshot,
): void {
  for (const [cluster, round] of latestRound) state.latestRound.set(cluster, round);
  for (const [cluster, past] of pastRounds) state.pastRounds.set(cluster, past);
  for (const [cluster, ms] of busyUntilMs) state.numbering.busyUntilMs.set(cluster, ms);
  for (const [cluster, { open, settled, latestRounds, latestDay }] of ledgers) {
    const ledger = { open: new Map(open), settled: new Map(settled), latestRounds: new Map(latestRounds), latestDay };
    state.ledgers.set(cluster, endOpenCharges(ledger as LedgerState, LONGEST_CHARGE_DAYS));
  }
}
