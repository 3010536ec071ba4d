/**
 * The coordinator's state. It changes only by events (`evolve`), and an event is durable before anything it allows
 * leaves: the functions that take messages (`receive*`, `tick`) never change state, they return the events to persist
 * and what may be sent after that. Replaying the persisted events rebuilds the state after a crash (docs/adr/0002).
 * Which phases a round goes through: transitions.ts.
 */
import { type CiphertextSum } from '@secagg/crypto';
import { type LedgerState } from '@secagg/dp-noise';
import {
  type AbortReason,
  type AnswerBody,
  type Bytes,
  type ClusterHash,
  type MemberIndex,
  type PartyId,
  type Proposal,
  type Report,
  type RoundPhase,
  type Seat,
  SecaggError,
  type SeedTransfer,
  type Signed,
  type Vote,
  type VoteBody,
} from '@secagg/schema';
import { type VerifiedEpoch } from '../epoch/verified-epoch';
import { type Misbehaviour } from '../evidence/verify-evidence';
import { type FleetDocuments, type FleetView } from '../fleet/fleet-view';
import { type FreshnessTaken, type VerifiedFreshness } from '../fleet/freshness';
import { type FleetUpdated } from '../fleet/update-fleet';
import { type CheckedHeader, type ContributionSet } from '../round/contribution-set';
import { type VerifiedDecision } from '../round/decision';
import { type VerifiedRound } from '../round/verified-round';
import { type Identity } from '../wire/identity';
import { type CheckedContribution } from './check-contribution';
import { type PastRounds } from './past-rounds';

/** How long the coordinator waits for members before it goes on without them; all in milliseconds. */
export interface CoordinatorTimings {
  /** After the close, for reports beyond those that are needed. */
  readonly reportGraceMs: number;
  /** After asking, for a member's answer before its pieces go to the next holder. */
  readonly answerGraceMs: number;
  /** After the close, until a round without enough reports is put to an abort vote. */
  readonly proposalTimeoutMs: number;
  /** After the close, until a round without a decision is given up as undecided. */
  readonly undecidedTimeoutMs: number;
}

export interface CoordinatorContext {
  readonly identity: Identity;
  readonly timings: CoordinatorTimings;
  /** The stored bytes of an accepted contribution. */
  readonly contribution: (key: string, router: PartyId) => Bytes;
  /** The last round of a cluster whose contributions by this router are refused; by default nobody is in quarantine. */
  readonly quarantinedUntil?: (cluster: ClusterHash, router: PartyId) => number | undefined;
}

export interface EpochTerms {
  readonly epoch: number;
  readonly policy_version: number;
  readonly roster_version: number;
  readonly threshold: number;
  readonly sealing_suite: Seat['sealing_suite'];
  readonly not_after_ms: number;
  /** Candidates asked for a seat, in increasing order of id. */
  readonly candidates: readonly PartyId[];
}

export interface EpochState {
  readonly terms: EpochTerms;
  readonly seats: Map<PartyId, { readonly signed: Signed; readonly seat: Seat }>;
  /** The proposed body, once enough seats are taken. */
  body?: Bytes;
  members: readonly PartyId[];
  readonly signatures: Map<PartyId, Bytes>;
  /** Present when all members have signed. */
  verified?: VerifiedEpoch;
}

export interface PieceState {
  readonly group: number;
  readonly piece: number;
  /** Sums received, by hex of their hash. */
  readonly words: Map<string, Bytes>;
}

export interface RoundState {
  readonly verified: VerifiedRound;
  /** The policy and roster it was announced under. */
  readonly documents: FleetDocuments;
  phase: RoundPhase;
  readonly accepted: Map<PartyId, CheckedHeader>;
  /**
   * Running sum of all accepted ciphertexts per group; undefined once contributions were listed without their bytes.
   */
  sums: readonly CiphertextSum[] | undefined;
  closedAtMs?: number;
  /** The accepted headers in increasing order of router id, and their Merkle root; set at the close. */
  headers: readonly CheckedHeader[];
  headersRoot?: Bytes;
  readonly reports: Map<MemberIndex, { signed: Signed; report: Report }>;
  proposal?: { signed: Signed; proposal: Proposal; set: ContributionSet; votedBytes: Bytes };
  abortReason?: AbortReason;
  /** What members are shown who are asked to abort; signed by the next tick where it is missing. */
  abortRequest?: Signed;
  readonly votes: Map<MemberIndex, { vote: Vote; body: VoteBody }>;
  decision?: VerifiedDecision;
  decidedAtMs?: number;
  /** By sender and receiver. */
  readonly transfers: Map<string, { signed: Signed; transfer: SeedTransfer }>;
  readonly answers: Map<MemberIndex, { body: AnswerBody; atMs: number; hashes: Map<string, string> }>;
  /** By group and piece. */
  readonly pieces: Map<string, PieceState>;
  /** Members found to have signed a hash that t others contradict. */
  readonly liars: Set<MemberIndex>;
  result?: { group: number; words: Bytes }[];
}

/** Numbers that are signed for once, and what a state that was brought back does not know of them (numbering.ts). */
export interface Numbering {
  /** Numbers up to these may have been used without this state knowing of it; by cluster. */
  readonly skippedTo: Map<string, number>;
  /** The same for clusters that are not in `skippedTo`. */
  skipped: number;
  epochsSkippedTo: number;
  /**
   * By cluster, until when its announced rounds use up the rate (a token bucket as one instant), in milliseconds since
   * 1970.
   */
  readonly busyUntilMs: Map<string, number>;
  /** The same for clusters that are not in `busyUntilMs`. */
  busyFromMs: number;
  /** When this state was brought back last. */
  restoredAtMs?: number;
}

export interface CoordinatorState {
  view: FleetView;
  /** The newest statement that policy and roster are current. */
  freshness?: VerifiedFreshness;
  readonly epochs: Map<number, EpochState>;
  /** The newest complete epoch. */
  epoch?: VerifiedEpoch;
  readonly rounds: Map<string, RoundState>;
  /** Highest round number used in each cluster. */
  readonly latestRound: Map<string, number>;
  readonly numbering: Numbering;
  /** The coordinator's privacy ledger of each cluster, for planning. */
  readonly ledgers: Map<string, LedgerState>;
  /** By cluster. */
  readonly pastRounds: Map<string, PastRounds>;
  /** Proven misbehaviour, the first of a kind by a party with a key, with its evidence; `id` names it to others. */
  readonly misbehaviour: Map<
    string,
    { readonly id: string; readonly proven: Misbehaviour; readonly evidence: Bytes; readonly atMs: number }
  >;
}

export type CoordinatorEvent =
  | FleetUpdated
  | FreshnessTaken
  /** The state comes from a backup: numbers of rounds and epochs up to these may have been used since it was made. */
  | {
      readonly type: 'restored';
      readonly atMs: number;
      /** By cluster; `otherRounds` is for clusters that are not among them. */
      readonly rounds: readonly (readonly [cluster: string, round: number])[];
      readonly otherRounds: number;
      readonly epochs: number;
    }
  | { readonly type: 'epoch-started'; readonly terms: EpochTerms }
  | { readonly type: 'seat-taken'; readonly seat: Signed }
  | { readonly type: 'epoch-proposed'; readonly epoch: number; readonly body: Bytes }
  | { readonly type: 'epoch-signed'; readonly epoch: number; readonly member: PartyId; readonly signature: Bytes }
  /** Epochs leave memory that no round refers to, and that are not in force. */
  | { readonly type: 'epochs-released'; readonly epochs: readonly number[] }
  | { readonly type: 'round-announced'; readonly announcement: Signed }
  | {
      readonly type: 'contribution-accepted';
      readonly key: string;
      readonly router: PartyId;
      readonly bytes: Bytes;
      /** What the bytes decode to, where that was just found out; never persisted. */
      readonly checked?: CheckedContribution;
    }
  /**
   * Contributions that were accepted outside the journal, by their headers; their bytes are left to whoever adds them
   * up.
   */
  | { readonly type: 'contributions-listed'; readonly key: string; readonly headers: readonly Signed[] }
  | { readonly type: 'round-closed'; readonly key: string; readonly atMs: number }
  | { readonly type: 'report-received'; readonly key: string; readonly report: Signed }
  | { readonly type: 'round-proposed'; readonly key: string; readonly proposal: Signed }
  | { readonly type: 'abort-proposed'; readonly key: string; readonly reason: AbortReason; readonly request?: Signed }
  | { readonly type: 'vote-received'; readonly key: string; readonly vote: Vote; readonly atMs: number }
  | { readonly type: 'transfer-received'; readonly key: string; readonly transfer: Signed }
  | { readonly type: 'answer-received'; readonly key: string; readonly bytes: Bytes; readonly atMs: number }
  | {
      readonly type: 'round-published';
      readonly key: string;
      readonly sums: readonly { readonly group: number; readonly words: Bytes }[];
    }
  | { readonly type: 'round-undecided'; readonly key: string }
  /** A finished round leaves memory; what follows from it for the ledgers stays. */
  | { readonly type: 'round-released'; readonly key: string }
  | { readonly type: 'misbehaviour-proven'; readonly evidence: Bytes; readonly atMs: number };

export const emptyCoordinator = (view: FleetView): CoordinatorState => ({
  view,
  epochs: new Map(),
  rounds: new Map(),
  latestRound: new Map(),
  numbering: { skippedTo: new Map(), skipped: 0, epochsSkippedTo: 0, busyUntilMs: new Map(), busyFromMs: 0 },
  ledgers: new Map(),
  pastRounds: new Map(),
  misbehaviour: new Map(),
});

/** Throws `wrong_epoch` for an epoch that was never started here. */
export function epochOf(state: CoordinatorState, epoch: number): EpochState {
  const found = state.epochs.get(epoch);
  if (!found) throw new SecaggError('wrong_epoch', `there is no epoch ${epoch}`);
  return found;
}

/** Throws `no_round` for a round that was never announced here. */
export function roundOf(state: CoordinatorState, key: string): RoundState {
  const found = state.rounds.get(key);
  if (!found) throw new SecaggError('no_round', `there is no round ${key}`);
  return found;
}
