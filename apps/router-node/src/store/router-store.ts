/** What a router keeps of rounds and of its ledger, in `router.db` of its data directory. */
import { join } from 'node:path';
import { type RouterEvent, routerRole, type RouterState } from '@secagg/protocol';
import { BudgetHistory } from './budget-history';
import { DataReleaseTable } from './data-releases';
import { Journal } from '@secagg/journal';
import { Database, JournalTables, type TableJournal } from '@secagg/journal/sqlite';
import { DecidedRoundTable } from './decided-rounds';
import { EvidenceTable } from './evidence';
import { MisbehaviourTable } from './misbehaviour';
import { importObservations } from './import-observations';
import { type BackupMark, backupMark, makeUpForBackup } from './restored';
import { routerMigrations } from './router-migrations';
import { RoundHistory } from './round-history';
import { AggregateTable } from './signals';

export interface RouterStore {
  /** What the router has answered and its ledger. */
  readonly journal: TableJournal<RouterState, RouterEvent>;
  readonly releases: DataReleaseTable;
  readonly aggregates: AggregateTable;
  readonly history: RoundHistory;
  readonly evidence: EvidenceTable;
  readonly misbehaviour: MisbehaviourTable;
  readonly decided: DecidedRoundTable;
  readonly budgetHistory: BudgetHistory;
  /** Set when this store comes from a backup: to be acted on before anything else. */
  readonly mark: BackupMark | undefined;
  /** See restored.ts. @returns units of the ledger that are assumed to be spent */
  makeUpForBackup(mark: BackupMark, budgetUnits: number, nowMs: number): number;
  /** All of it durable when this returns, or none of it. */
  transaction<T>(work: () => T): T;
  /**
   * Waits, without holding up the event loop, until no other process keeps the database locked. Throws `unavailable`
   * after `patienceMs`.
   */
  unlocked(patienceMs?: number): Promise<void>;
  /** Throws when nothing can be written. */
  check(): void;
  close(): void;
}

/**
 * @param onFailure ends the process: memory may be ahead of the disk
 * @param groupAccess the file's group may read and write it
 * @param eventsPerSnapshot events of the journal after which a snapshot replaces them
 */
export function openRouterStore(
  dataDir: string,
  authorityKey: Uint8Array,
  onFailure: (error: unknown) => void,
  eventsPerSnapshot = 512,
  groupAccess = false,
): RouterStore {
  const database = Database.open(join(dataDir, 'router.db'), routerMigrations, { readable: true, groupAccess });
  try {
    importObservations(database, dataDir, groupAccess);
    const tables = new JournalTables<RouterState, RouterEvent>(database, { name: 'router', eventsPerSnapshot });
    return storeOver(database, new Journal(routerRole(authorityKey), tables, onFailure));
  } catch (error) {
    database.close();
    throw error;
  }
}

function storeOver(database: Database, journal: RouterStore['journal']): RouterStore {
  return {
    journal,
    releases: new DataReleaseTable(database),
    aggregates: new AggregateTable(database),
    history: new RoundHistory(database),
    evidence: new EvidenceTable(database),
    misbehaviour: new MisbehaviourTable(database),
    decided: new DecidedRoundTable(database),
    budgetHistory: new BudgetHistory(database),
    mark: backupMark(database),
    makeUpForBackup: (mark, budgetUnits, nowMs) => makeUpForBackup(database, journal, mark, budgetUnits, nowMs),
    transaction: (work) => database.transaction(work),
    unlocked: (patienceMs) => database.unlocked(patienceMs),
    check: () => database.checkWritable(),
    close: () => database.close(),
  };
}
