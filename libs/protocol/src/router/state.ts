/**
 * A router's state: what it has answered, and its privacy ledger over all clusters. Functions decide and return events;
 * an event is durable before what it allows leaves. `contribution-prepared` holds the charge, the observations taken
 * and the bytes together, so that one durable write makes all of it true before anything is sent (docs/protocol.md,
 * "Contribution" and "Privacy cost and ledger").
 */
import { emptyLedger, type LedgerEvent, type LedgerState } from '@secagg/dp-noise';
import { type Bytes, type EpochCertificate, type Signed } from '@secagg/schema';
import { type FleetView } from '../fleet/fleet-view';
import { type FreshnessTaken, type VerifiedFreshness } from '../fleet/freshness';
import { type FleetUpdated } from '../fleet/update-fleet';
import { type Identity } from '../wire/identity';
import { type RouterLimits } from '../round/limits';

export interface RouterContext {
  readonly identity: Identity;
  readonly limits: RouterLimits;
}

/** `undecided`: nobody has shown an outcome until long after the end of the round's epoch. */
export type RoundOutcome = 'included' | 'left_out' | 'aborted' | 'undecided';

export interface Participation {
  readonly cluster: string;
  readonly round: number;
  readonly announcement: Signed;
  readonly epochCertificate: EpochCertificate;
  readonly headerHash: Bytes;
  /** The encoded contribution, until a receipt arrives. */
  bytes?: Bytes;
  receipt?: Signed;
  outcome?: RoundOutcome;
}

/** A coordinator's refusal for a quarantine (docs/protocol.md, "The signal"). */
export interface ToldQuarantine {
  /** The round that was refused. */
  readonly round: number;
  /** The last one that will be, as the coordinator says. */
  readonly untilRound: number;
}

export interface RouterState {
  view: FleetView;
  /** The newest statement that policy and roster are current. */
  freshness?: VerifiedFreshness;
  highestEpoch: number;
  readonly highestRound: Map<string, number>;
  readonly participations: Map<string, Participation>;
  ledger: LedgerState;
  /** By cluster; until a round after it is answered. */
  readonly quarantines: Map<string, ToldQuarantine>;
  /** When this state was brought back from a backup: rounds announced before may have been answered already. */
  restoredAtMs?: number;
}

export type RouterEvent =
  | FleetUpdated
  | FreshnessTaken
  | { readonly type: 'epoch-seen'; readonly epoch: number }
  /** The state comes from a backup; `units` may have been spent since it was made. */
  | { readonly type: 'restored'; readonly atMs: number; readonly units: number }
  | {
      readonly type: 'contribution-prepared';
      readonly key: string;
      readonly cluster: string;
      readonly round: number;
      readonly announcement: Signed;
      readonly epochCertificate: EpochCertificate;
      readonly headerHash: Bytes;
      readonly bytes: Bytes;
      readonly charge?: LedgerEvent;
    }
  | { readonly type: 'receipt-received'; readonly key: string; readonly receipt: Signed }
  | ({ readonly type: 'quarantine-told'; readonly cluster: string } & ToldQuarantine)
  | {
      readonly type: 'round-settled';
      readonly key: string;
      readonly outcome: RoundOutcome;
      readonly ledger?: LedgerEvent;
    };

export const emptyRouter = (view: FleetView): RouterState => ({
  view,
  highestEpoch: 0,
  highestRound: new Map(),
  participations: new Map(),
  ledger: emptyLedger(),
  quarantines: new Map(),
});
