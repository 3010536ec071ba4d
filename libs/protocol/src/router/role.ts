/** A router as its engine knows it: how its state begins, changes, and is written as a snapshot and read back. */
import { type DayTotal, endOpenCharges, type LedgerState, type OpenCharge } from '@secagg/dp-noise';
import { SecaggError } from '@secagg/schema';
import { type FleetDocuments, verifyFleet } from '../fleet/fleet-view';
import { restoredProof, restoreView, storedProof, storedView } from '../fleet/stored-view';
import { LONGEST_CHARGE_DAYS } from '../round/privacy';
import { type Role } from '../role';
import { emptyRouter, type Participation, type RouterEvent, type RouterState, type ToldQuarantine } from './state';
import { participationTransitions } from './transitions';
import { evolveRouter } from './evolve';

/** Settled rounds that are remembered, for the operator to see. */
const SETTLED_KEPT = 20;

interface RouterSnapshot {
  documents: FleetDocuments[];
  /** Encoded. Absent before there was one, and in snapshots of earlier releases. */
  freshness?: Uint8Array;
  highestEpoch: number;
  highestRound: [string, number][];
  participations: [string, Participation][];
  /** Absent in snapshots of earlier releases. */
  quarantines?: [string, ToldQuarantine][];
  ledger: {
    open: [string, OpenCharge][];
    settled: [number, DayTotal][];
    latestRounds: [string, number][];
    latestDay: number;
  };
  restoredAtMs?: number;
}

/** @param authorityKey Ed25519 public key that the stored fleet documents must be signed by */
export function routerRole(authorityKey: Uint8Array): Role<RouterState, RouterEvent> {
  return {
    transitions: { participation: participationTransitions },
    evolve: evolveRouter,
    begin: (event) => {
      if (event.type !== 'fleet-updated')
        throw new SecaggError('internal', "the journal does not begin with the fleet's documents");
      return emptyRouter(verifyFleet(authorityKey, event.documents));
    },
    snapshot: (state): RouterSnapshot => {
      forgetSettled(state);
      return {
        documents: storedView(state.view),
        ...storedProof(state),
        highestEpoch: state.highestEpoch,
        highestRound: [...state.highestRound],
        participations: [...state.participations],
        quarantines: [...state.quarantines],
        ledger: {
          open: [...state.ledger.open],
          settled: [...state.ledger.settled],
          latestRounds: [...state.ledger.latestRounds],
          latestDay: state.ledger.latestDay,
        },
        ...(state.restoredAtMs === undefined ? {} : { restoredAtMs: state.restoredAtMs }),
      };
    },
    restore: (value) => {
      const snapshot = value as RouterSnapshot;
      return {
        view: restoreView(authorityKey, snapshot.documents),
        ...restoredProof(snapshot),
        highestEpoch: snapshot.highestEpoch,
        highestRound: new Map(snapshot.highestRound),
        participations: new Map(snapshot.participations),
        ledger: restoreLedger(snapshot.ledger),
        quarantines: new Map(snapshot.quarantines),
        ...(snapshot.restoredAtMs === undefined ? {} : { restoredAtMs: snapshot.restoredAtMs }),
      };
    },
  };
}

const restoreLedger = ({ open, settled, latestRounds, latestDay }: RouterSnapshot['ledger']): LedgerState =>
  endOpenCharges(
    { open: new Map(open), settled: new Map(settled), latestRounds: new Map(latestRounds), latestDay },
    LONGEST_CHARGE_DAYS,
  );

/** What a settled round still means is in the ledger and in the highest round. */
function forgetSettled(state: RouterState): void {
  const settled = [...state.participations].filter(([, participation]) => participation.outcome);
  for (const [key] of settled.slice(0, Math.max(0, settled.length - SETTLED_KEPT))) state.participations.delete(key);
}
