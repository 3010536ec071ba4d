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
  /** All of it durable when this returns, or none of it. */
  transaction<T>(work: () => T): T;
  /** Throws when nothing can be written. */
  check(): void;
  close(): void;
}

/**
 * @param hash what a requester id becomes before it is stored
 * @param onFailure ends the process: memory may be ahead of the disk
 * @param eventsPerSnapshot events of the journal after which a snapshot replaces them
 */
export function openRouterStore(
  dataDir: string, authorityKey: Uint8Array, hash: RequesterHash, onFailure: (error: unknown) => void, eventsPerSnapshot = 512,
): RouterStore {
  const database = Database.open(join(dataDir, 'router.db'), routerMigrations);
  return {
    journal: new Journal(database, routerMachine(authorityKey), onFailure, { name: 'router', eventsPerSnapshot }),
    observations: new ObservationTable(database, hash),
    localSignal: new LocalSignalTable(database),
    aggregates: new AggregateTable(database),
    evidence: new EvidenceTable(database),
    misbehaviour: new MisbehaviourTable(database),
    decided: new DecidedRoundTable(database),
    budgetHistory: new BudgetHistory(database),
    transaction: (work) => database.transaction(work),
    check: () => database.checkWritable(),
    close: () => database.close(),
  };
}
