/**
 * What the node asks of its observation store. Everything is answered later: the store works in a thread of its own
 * (ADR 0015).
 */
import { type BuiltContribution, type Identity } from '@secagg/protocol';
import { type OpenRound } from '@secagg/schema';
import { type AliasRules } from '../ingest/names/aliases';
import { type GenAiSettings } from '../ingest/otlp/gen-ai';
import { type Claim, type Release } from '../store/claims';
import { type RoundHistoryPage } from '@secagg/client';
import { type HistoryRequest, type PriorsPart, type PriorsRequest, type RoundsChange } from '../priors/prior-maker';
import { type BatchOutcome, type RawBatch } from './batch-adder';
import { type IngestProgress, type IngestStep } from './ingest-steps';
import { type IntakeLimits } from './row-adder';

/** Most observations of one request to `/v1/observations`. */
export const MAX_BATCH = 10_000;

export interface Preparation {
  /** A round that was checked. */
  readonly open: OpenRound;
  /** Time in the header of the contribution: when the round was announced to this router. */
  readonly seenAtMs: number;
  /** The most that a request in it may have been charged before, in units of 2^-40 rho. */
  readonly mostCarriedUnits: number;
}

export interface Prepared extends BuiltContribution {
  /** The most that a request in it has been charged before. */
  readonly carriedUnits: number;
}

export interface StoreStatus {
  readonly waiting: number;
  readonly taken: number;
  /** Of those that wait: the last catalogue lacks their keys. */
  readonly unlisted: number;
  /** No further observations of such keys are kept. */
  readonly isFullOfUnlisted: boolean;
  /** Observations of such keys that were not kept, since the start. */
  readonly unlistedSkipped: number;
  /** Keys that the last catalogue lacks, those with most waiting; empty before a catalogue is known. */
  readonly missingKeys: Readonly<Record<string, number>>;
  readonly claims: readonly Claim[];
  readonly names: NameCounts;
}

/** What of that which waits the catalogue has, and where that is known from. */
export interface NameCounts {
  /** `announced`: that of the last round; `planned`: what the coordinator says that the next ones will have. */
  readonly catalogue: 'announced' | 'planned' | null;
  readonly listed: number;
  readonly unlisted: number;
}

export interface UnlistedQuota {
  /** No further observations of keys that the catalogue lacks are kept. */
  readonly isFullOfUnlisted: boolean;
}

export interface ObservationStore {
  /** Resolves when the batch is on disk. Its body is the store's from then on. Throws as `BatchAdder.add` does. */
  accept(batch: RawBatch): Promise<BatchOutcome & UnlistedQuota>;
  /**
   * A body of rows, piece by piece: after a step that says so comes one that brings the next piece. Throws what the
   * disk throws.
   */
  ingest(step: IngestStep): Promise<IngestProgress>;
  /**
   * What waits by key, for the router's operator: a name report in JSON. Throws `invalid` and `malformed` for what are
   * no aliases.
   */
  names(as?: { readonly aliases: Uint8Array }): Promise<Uint8Array>;
  /** What the coordinator says that the next rounds will have: a hint, for showing only. */
  plan(keys: readonly string[]): Promise<void>;
  /** A ready signal in place of observations. Throws what decoding throws, and `policy` for one of another cluster. */
  putSignal(body: Uint8Array): Promise<void>;
  /**
   * Takes the data of a round and builds the contribution: both are there once this resolves, and otherwise nothing was
   * taken.
   */
  prepare(preparation: Preparation): Promise<Prepared>;
  /** What a round took is not needed any more, or waits again. May be asked for again. */
  release(ended: { readonly roundKey: string; readonly release: Release }): Promise<void>;
  /** Data of all other rounds waits again: they were not answered. */
  keepClaims(roundKeys: readonly string[]): Promise<void>;
  /** Rounds that priors are made from. */
  learnRounds(change: RoundsChange): Promise<void>;
  /**
   * What rounds and own requests say together, some keys at a time: begins anew with a request, and goes on without.
   */
  priors(request?: PriorsRequest): Promise<PriorsPart>;
  /** What each of the rounds says of a key, newest first. */
  history(request: HistoryRequest): Promise<RoundHistoryPage['rounds']>;
  /** Everything goes: a backup does not know what of it was published. */
  clear(): Promise<void>;
  status(): Promise<StoreStatus>;
  /** Throws when nothing can be written. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface ObservationStoreOptions {
  readonly dataDir: string;
  readonly identity: Identity;
  readonly cluster: string;
  readonly storeKey?: Uint8Array;
  readonly requestsPerRequester?: number;
  /** Most requests that a round takes, whatever its layout has room for. */
  readonly maxRequestsPerRound: number;
  readonly limits: IntakeLimits;
  readonly retentionHours: number;
  /** How long the names of reported requests are known, and scores wait. */
  readonly requestWindowHours: number;
  /** How long sums over own requests, and what rounds have of them, are kept. */
  readonly ownRetentionHours: number;
  /** Age at which an own request counts half in priors. */
  readonly priorHalfLifeHours: number;
  /** What the fleet calls models and tasks that this router's software calls otherwise. */
  readonly aliases: AliasRules;
  readonly mapping: Omit<GenAiSettings, 'names'> & { readonly defaultTask: string };
  /** The file's group may read and write it. */
  readonly groupAccess?: boolean;
}
