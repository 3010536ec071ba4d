/** `observations.db`: what the router's software has told the node, and which rounds have it. */
import { join } from 'node:path';
import { type RequesterHash } from '../observations/requester-hash';
import { AcceptedBatches } from './accepted-batches';
import { Catalogue } from './catalogue';
import { Claims } from './claims';
import { Database } from '@secagg/journal/sqlite';
import { fillOwnRequests } from './fill-own-requests';
import { observationMigrations } from './observation-migrations';
import { OwnRequests } from './own-requests';
import { ObservationTable } from './observations';
import { OBSERVATIONS_FILE } from './observations-file';
import { type AliasRules } from '../ingest/names/aliases';
import { Renaming } from './renaming';
import { ReportedRequests } from './reported-requests';
import { RequesterQueues } from './requester-queues';
import { openRowSeal, type RowSealOptions } from './row-seal';
import { LocalSignalTable } from './local-signal';

export interface ObservationTables {
  readonly observations: ObservationTable;
  readonly localSignal: LocalSignalTable;
  readonly batches: AcceptedBatches;
  readonly claims: Claims;
  readonly catalogue: Catalogue;
  readonly requests: ReportedRequests;
  readonly own: OwnRequests;
  /** By rules of now. */
  renaming(rules: AliasRules): Renaming;
  transaction<T>(work: () => T): T;
  /** Throws when nothing can be written. */
  check(): void;
  close(): void;
}

export interface ObservationTablesOptions {
  readonly dataDir: string;
  /** What a requester id becomes before it is stored. */
  readonly hash: RequesterHash;
  /** What bodies are sealed under; without it they lie on the disk in the clear. */
  readonly sealing?: RowSealOptions;
  /** Most requests of one requester that a round takes. */
  readonly requestsPerRequester?: number;
  /** Span of time whose own requests are added up for priors. */
  readonly ownSpanMs?: number;
  /** The file's group may read and write it. */
  readonly groupAccess?: boolean;
}

/** Throws a HostFault when they are sealed under another key. */
export function openObservationTables({
  dataDir,
  hash,
  sealing,
  requestsPerRequester,
  ownSpanMs,
  groupAccess,
}: ObservationTablesOptions): ObservationTables {
  const database = Database.open(join(dataDir, OBSERVATIONS_FILE), observationMigrations, { groupAccess });
  try {
    const sealed = openRowSeal(database, sealing);
    const queues = new RequesterQueues(database, requestsPerRequester);
    const observations = new ObservationTable(database, queues, hash, sealed);
    const own = new OwnRequests(database, sealed, ownSpanMs);
    fillOwnRequests(database, observations, own);
    const localSignal = new LocalSignalTable(database, sealed);
    const requests = new ReportedRequests(database, observations, hash, sealed, own);
    return {
      observations,
      localSignal,
      batches: new AcceptedBatches(database, sealed),
      claims: new Claims(database, observations, localSignal, own),
      catalogue: new Catalogue(database),
      requests,
      own,
      renaming: (rules) => new Renaming(database, observations, requests, own, rules),
      transaction: (work) => database.transaction(work),
      check: () => database.checkWritable(),
      close: () => database.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
