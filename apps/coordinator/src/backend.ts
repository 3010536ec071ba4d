/** What is behind the service: journal and store, on a file of its own or on a database shared with other replicas. */
import { join } from 'node:path';
import { makeDataFolder, ownerOnlyDatabase, readingStored } from '@secagg/host';
import { type Bytes } from '@secagg/schema';
import { type Logger } from 'pino';
import { type Changes } from './changes';
import { type Config, named } from './config';
import { type OfferedDocuments, restoreState } from './engine';
import { type Journal } from './journal';
import { OperatorRequests } from './operators/operator-requests';
import { resumeEmbedded } from './resume';
import { openReplica, type Replica } from './replicas/open-replica';
import { type Intake, JournalIntake } from './rounds/intake';
import { openLibsqlStore } from './store/libsql-store';
import { type RoundStore } from './store/store';

export interface Backend {
  readonly journal: Journal;
  readonly intake: Intake;
  readonly store: RoundStore;
  readonly operators: OperatorRequests;
  /** Milliseconds since 1970: the clock that decisions are made by. */
  readonly now: () => number;
  /** Present when other coordinators may work on the same rounds. */
  readonly replica?: Replica;
  /** Makes everything durable and closes the database. */
  close(): Promise<void>;
}

export interface BackendNeeds extends OfferedDocuments {
  readonly config: Config;
  readonly authorityKey: Bytes;
  readonly changes: Changes;
  readonly logger: Logger;
  readonly onFailure: (error: unknown) => void;
  readonly now: () => number;
}

export async function openBackend(needs: BackendNeeds): Promise<Backend> {
  if (needs.config.databaseUrl === undefined) return openEmbedded(needs);
  const replica = await openReplica(needs, needs.config.databaseUrl);
  const { journal, intake, store, now, close } = replica;
  return { journal, intake, store, now, close, replica, operators: new OperatorRequests([], false) };
}

async function openEmbedded({
  config: { dataDir, groupAccess },
  authorityKey,
  documents,
  judge,
  logger,
  onFailure,
  now,
}: BackendNeeds): Promise<Backend> {
  // The configuration has one or the other.
  const folder = dataDir as string;
  makeDataFolder(named('dataDir'), folder);
  const path = join(folder, 'coordinator.db');
  ownerOnlyDatabase(path, groupAccess);
  const store = await openLibsqlStore(path);
  try {
    const journal = await readingStored(path, () => restoreState(store, authorityKey, { documents, judge }, onFailure));
    await resumeEmbedded(journal, store, now(), logger);
    const operators = await OperatorRequests.load(store, now());
    const close = async () => {
      await journal.durable();
      await store.close();
    };
    return { journal, intake: new JournalIntake(journal), store, operators, now, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}
