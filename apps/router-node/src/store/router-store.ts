/** Everything a router keeps, in `router.db` of its data directory. */
import { join } from 'node:path';
import { type RouterEvent, type RouterState } from '@secagg/protocol';
import { routerMachine } from '../participant/router-machine';
import { type RequesterHash } from '../observations/requester-hash';
import { BudgetHistory } from './budget-history';
import { Database } from './database';
import { DecidedRoundTable } from './decided-rounds';
import { EvidenceTable } from './evidence';
import { Journal } from './journal';
import { ObservationTable } from './observations';
import { MisbehaviourTable } from './misbehaviour';
import { type BackupMark, backupMark, type Forgotten, makeUpForBackup } from './restored';
import { openRowSeal, type RowSeal, type RowSealOptions } from './row-seal';
import { routerMigrations } from './router-migrations';
import { AggregateTable, LocalSignalTable } from './signals';

export interface RouterStore {
  /** What the router has answered and its ledger. */
  readonly journal: Journal<RouterState, RouterEvent>;
  readonly observations: ObservationTable;
  readonly localSignal: LocalSignalTable;
  readonly aggregates: AggregateTable;
  readonly evidence: EvidenceTable;
  readonly misbehaviour: MisbehaviourTable;
  readonly decided: DecidedRoundTable;
  readonly budgetHistory: BudgetHistory;
  /** Set when this store comes from a backup: to be acted on before anything else. */
  readonly mark: BackupMark | undefined;
  /** See restored.ts. */
  makeUpForBackup(mark: BackupMark, budgetUnits: number, nowMs: number): Forgotten;
  /** All of it durable when this returns, or none of it. */
  transaction<T>(work: () => T): T;
  /** Throws when nothing can be written. */
  check(): void;
  close(): void;
}

/**
 * @param hash what a requester id becomes before it is stored
 * @param onFailure ends the process: memory may be ahead of the disk
 * @param sealing what observations and signals are sealed under; without it they lie on the disk in the clear
 * @param eventsPerSnapshot events of the journal after which a snapshot replaces them
 * Throws a HostFault when they are sealed under another key.
 */
export function openRouterStore(
  dataDir: string,
  authorityKey: Uint8Array,
  hash: RequesterHash,
  onFailure: (error: unknown) => void,
  sealing?: RowSealOptions,
  eventsPerSnapshot = 512,
): RouterStore {
  const database = Database.open(join(dataDir, 'router.db'), routerMigrations, { readable: true });
  try {
    return storeOver(
      database,
      openRowSeal(database, sealing),
      new Journal(database, routerMachine(authorityKey), onFailure, { name: 'router', eventsPerSnapshot }),
      hash,
    );
  } catch (error) {
    database.close();
    throw error;
  }
}

function storeOver(
  database: Database,
  sealed: RowSeal,
  journal: RouterStore['journal'],
  hash: RequesterHash,
): RouterStore {
  return {
    journal,
    observations: new ObservationTable(database, hash, sealed),
    localSignal: new LocalSignalTable(database, sealed),
    aggregates: new AggregateTable(database),
    evidence: new EvidenceTable(database),
    misbehaviour: new MisbehaviourTable(database),
    decided: new DecidedRoundTable(database),
    budgetHistory: new BudgetHistory(database),
    mark: backupMark(database),
    makeUpForBackup: (mark, budgetUnits, nowMs) => makeUpForBackup(database, journal, mark, budgetUnits, nowMs),
    transaction: (work) => database.transaction(work),
    check: () => database.checkWritable(),
    close: () => database.close(),
  };
}
