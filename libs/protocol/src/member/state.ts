/**
 * A committee member's state. As at the coordinator, functions decide and return events; an event is durable before
 * what it allows leaves. `seat-made` holds the epoch's secrets: they are stored apart, are never part of a backup, and
 * are erased with `epoch-erased` (docs/protocol.md, "Epochs"). A vote is durable before it is sent, and there is one a
 * round.
 */
import { type Bytes, type Report, type Signed, type Vote } from '@secagg/schema';
import { type FleetView } from '../fleet/fleet-view';
import { type FreshnessTaken, type VerifiedFreshness } from '../fleet/freshness';
import { type FleetUpdated } from '../fleet/update-fleet';
import { type Identity } from '../wire/identity';

export interface EpochSecrets {
  readonly kemSecret: Bytes;
  readonly voteSecret: Bytes;
}

export interface MemberSeat {
  readonly seat: Signed;
  /** When it was taken; absent in what earlier releases wrote. */
  readonly madeAtMs?: number;
  secrets?: EpochSecrets;
  /** Body this member has signed for the epoch; it signs one. */
  signedBody?: Bytes;
}

export interface MemberRound {
  readonly epoch: number;
  readonly report?: { readonly signed: Signed; readonly report: Report };
  readonly vote?: Vote;
  /** The proposal it voted `ready` for: a second one of the coordinator's is evidence. */
  readonly proposal?: Signed;
  /** Hash of the decision this member answered: it answers one. */
  readonly answered?: Bytes;
}

export interface MemberState {
  view: FleetView;
  /** The newest statement that policy and roster are current. */
  freshness?: VerifiedFreshness;
  readonly seats: Map<number, MemberSeat>;
  /**
   * Rounds of the epochs in `seats`, and that there were those of epochs erased before, in the order in which this
   * member first spoke about them.
   */
  readonly rounds: Map<string, MemberRound>;
  /** Highest epoch with a valid certificate seen. */
  highestEpoch: number;
  /** Numbers above that one of seats that are erased: no second seat is taken under one. */
  readonly usedEpochs: Set<number>;
}

export type MemberEvent =
  | FleetUpdated
  | FreshnessTaken
  | { readonly type: 'epoch-seen'; readonly epoch: number }
  | {
      readonly type: 'seat-made';
      readonly epoch: number;
      readonly seat: Signed;
      readonly secrets: EpochSecrets;
      readonly atMs?: number;
    }
  | { readonly type: 'epoch-body-signed'; readonly epoch: number; readonly body: Bytes }
  | { readonly type: 'reported'; readonly key: string; readonly epoch: number; readonly report: Signed }
  | {
      readonly type: 'voted';
      readonly key: string;
      readonly epoch: number;
      readonly vote: Vote;
      readonly proposal?: Signed;
    }
  | { readonly type: 'answered'; readonly key: string; readonly epoch: number; readonly decision: Bytes }
  | { readonly type: 'epoch-erased'; readonly epoch: number };

export interface MemberContext {
  readonly identity: Identity;
}

export const emptyMember = (view: FleetView): MemberState => ({
  view,
  seats: new Map(),
  rounds: new Map(),
  highestEpoch: 0,
  usedEpochs: new Set(),
});
