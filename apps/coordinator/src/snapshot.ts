/**
 * What must outlive the journal entries of released rounds: the highest round number of each cluster, what its rounds came to, and the
 * coordinator's privacy ledgers. Entries of other rounds are replayed on top; those the snapshot has seen already change nothing, since a
 * ledger takes each round once.
 */
import { endOpenCharges, type LedgerState } from '@secagg/dp-noise';
import { type CoordinatorState, LONGEST_CHARGE_DAYS, type PastRounds } from '@secagg/protocol';
import { type Bytes, decodeCanonical, encodeCanonical } from '@secagg/schema';

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

export function takeSnapshot(state: CoordinatorState): Bytes {
  const snapshot: Snapshot = {
    latestRound: [...state.latestRound],
    ledgers: [...state.ledgers].map(([cluster, { open, settled, latestRounds, latestDay }]) => [
      cluster,
      { open: [...open], settled: [...settled], latestRounds: [...latestRounds], latestDay },
    ]),
    busyUntilMs: [...state.numbering.busyUntilMs],
    pastRounds: [...state.pastRounds],
  };
  return encodeCanonical(snapshot);
}

export function applySnapshot(state: CoordinatorState, bytes: Bytes): void {
  const { latestRound, ledgers, busyUntilMs = [], pastRounds = [] } = decodeCanonical(bytes) as Snapshot;
  for (const [cluster, round] of latestRound) state.latestRound.set(cluster, round);
  for (const [cluster, past] of pastRounds) state.pastRounds.set(cluster, past);
  for (const [cluster, ms] of busyUntilMs) state.numbering.busyUntilMs.set(cluster, ms);
  for (const [cluster, { open, settled, latestRounds, latestDay }] of ledgers) {
    const ledger = { open: new Map(open), settled: new Map(settled), latestRounds: new Map(latestRounds), latestDay };
    state.ledgers.set(cluster, endOpenCharges(ledger as LedgerState, LONGEST_CHARGE_DAYS));
  }
}
