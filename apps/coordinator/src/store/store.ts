/**
 * What the coordinator keeps: of rounds ({@link RoundStore}, whatever the database), and the journal of a coordinator
 * that is alone on its database ({@link Store}; replicas/ has the other one). A promise resolves when its write is
 * durable.
 */
import { type ClusterRecord, type RestoredFrom } from '@secagg/protocol';
import { type Bytes, type PartyId, type RoundPhase } from '@secagg/schema';

/** One event of the journal. Replaying them in order of id rebuilds the state. */
export interface JournalEntry {
  readonly type: string;
  /** `cluster/round` of what belongs to a round, `epoch/number` of what belongs to an epoch: removed with it. */
  readonly roundKey?: string;
  readonly body: Bytes;
  /** Of an accepted contribution: kept apart, as the raw bytes that came in, and referred to by the entry. */
  readonly contribution?: StoredContribution;
}

export interface StoredContribution {
  readonly router: PartyId;
  readonly bytes: Bytes;
}

/** An operator's nonce, remembered until requests that old are refused for their age. */
export interface UsedNonce {
  readonly operator: string;
  readonly nonce: Bytes;
  readonly expiresAtMs: number;
}

/** Entries that become durable together or not at all. */
export interface JournalBatch {
  readonly entries: readonly JournalEntry[];
  readonly nonce?: UsedNonce;
  /** What the mark of a backup asks for is in the entries: it goes with them. */
  readonly removesMark?: boolean;
}

/** What is left of a round once it is over. */
export interface FinishedRound {
  readonly key: string;
  readonly cluster: string;
  readonly round: number;
  readonly phase: RoundPhase;
  readonly contributions: number;
  /** The encoded abort decision, of an aborted round. */
  readonly decision?: Bytes;
  readonly finishedAtMs: number;
}

/** Written together with the record of a round that was decided. */
export interface RoundOutput {
  /** The encoded transcript. */
  readonly transcript: Bytes;
  /** The aggregated signal as JSON, of a published round. */
  readonly signal?: string;
  /** Every key of the signal is withheld. */
  readonly isEmpty?: boolean;
}

/** What a finished round adds to the scores of its cluster. */
export type CountRound = (before: ClusterRecord) => ClusterRecord;

export interface RoundStore {
  /** Stored contributions of a round, all of them or those of some routers; missing ones are left out. */
  contributions(roundKey: string, routers?: readonly PartyId[]): AsyncIterable<StoredContribution>;

  /**
   * @param count applied to the scores of the cluster in the same transaction, and at most once for a round however
   * often it is
   *   written as published; a function, since rounds may finish together. Must not throw.
   */
  finishRound(round: FinishedRound, output?: RoundOutput, count?: CountRound): Promise<void>;
  /** The scores of one cluster, or of all that have any, by cluster. */
  clusterRecords(cluster?: string): Promise<Map<string, ClusterRecord>>;
  finishedRound(roundKey: string): Promise<FinishedRound | undefined>;
  transcript(roundKey: string): Promise<Bytes | undefined>;
  /**
   * Signal of the highest published round of a cluster in which not everything is withheld, or of the highest where
   * there is none.
   */
  latestSignal(cluster: string): Promise<string | undefined>;
  /** Signal of the highest published round of a cluster, whatever is withheld in it. */
  newestSignal(cluster: string): Promise<string | undefined>;
  /** Removes transcripts of rounds that finished before `beforeMs`; records and signals stay. Gives their number. */
  pruneTranscripts(beforeMs: number): Promise<number>;
  /**
   * Removes records of rounds that finished before `beforeMs`, but for the newest signal of each cluster. Gives their
   * number.
   */
  pruneRecords(beforeMs: number): Promise<number>;

  /** Throws when the store cannot be used. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Writes are carried out in the order of the calls. */
export interface Store extends RoundStore {
  /** Another process has locked the database: writes wait. */
  readonly isLocked: boolean;
  /**
   * Throws `unavailable` while another process has locked the database for so long that more work would only pile up.
   */
  checkUnlocked(): void;
  append(batch: JournalBatch): Promise<void>;
  replay(): AsyncIterable<JournalEntry>;
  /** Nonces that are still to be remembered at `nowMs`; older ones are forgotten. */
  nonces(nowMs: number): Promise<UsedNonce[]>;

  /**
   * Removes journal entries and contributions of a finished round; its record and its output stay. What else follows
   * from the entries is kept in `snapshot`, which replaces the one before.
   */
  releaseRound(roundKey: string, snapshot: Bytes): Promise<void>;
  /** Removes the journal entries of epochs, by their keys. */
  releaseEpochs(keys: readonly string[]): Promise<void>;
  snapshot(): Promise<Bytes | undefined>;
  /** Present in a database that comes from a backup, until it is removed. */
  backupMark(): Promise<RestoredFrom | undefined>;
}
