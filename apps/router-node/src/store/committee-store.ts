/** Everything a committee member keeps, in `committee.db` of its data directory: never part of a backup. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type MemberEvent, memberRole, type MemberState } from '@secagg/protocol';
import { type RandomBytes } from '@secagg/schema';
import { failpoint } from '../failpoint';
import { committeeMigrations } from './committee-migrations';
import { Journal } from '@secagg/journal';
import { Database, JournalTables, type TableJournal } from '@secagg/journal/sqlite';
import { EpochSecretTable } from './epoch-secrets';

export interface CommitteeStore {
  /** What the member has said; its seats have their secrets when this was opened. */
  readonly journal: TableJournal<MemberState, MemberEvent>;
  readonly secrets: EpochSecretTable;
  /** Deleted secrets are in no file any more when this returns. */
  purge(): void;
  close(): void;
}

export interface CommitteeStoreOptions {
  readonly dataDir: string;
  readonly authorityKey: Uint8Array;
  /** 32 bytes: what the secrets are sealed under. */
  readonly storeKey: Uint8Array;
  readonly member: string;
  readonly random: RandomBytes;
  /** Ends the process: memory may be ahead of the disk. */
  readonly onFailure: (error: unknown) => void;
  /** Events of the journal after which a snapshot replaces them; default 512. */
  readonly eventsPerSnapshot?: number;
  /** The file's group may read and write it. */
  readonly groupAccess?: boolean;
}

/** Throws `cannot_open` when the store key is not the one the secrets are sealed under. */
export async function openCommitteeStore({
  dataDir,
  authorityKey,
  storeKey,
  member,
  random,
  onFailure,
  eventsPerSnapshot = 512,
  groupAccess = false,
}: CommitteeStoreOptions): Promise<CommitteeStore> {
  const database = Database.open(join(dataDir, 'committee.db'), committeeMigrations, { groupAccess });
  try {
    const tables = new JournalTables<MemberState, MemberEvent>(database, { name: 'committee', eventsPerSnapshot });
    const journal = new Journal(memberRole(authorityKey), tables, onFailure);
    const secrets = new EpochSecretTable(database, storeKey, member, random);
    for (const [epoch, opened] of await secrets.all()) {
      const seat = journal.hasBegun ? journal.state.seats.get(epoch) : undefined;
      if (seat) seat.secrets = opened;
    }
    // A process that died after it had erased secrets has left them in the log.
    database.checkpoint();
    return { journal, secrets, purge: () => purge(database), close: () => database.close() };
  } catch (error) {
    database.close();
    throw error;
  }
}

function purge(database: Database): void {
  failpoint('before-durable:purge');
  database.checkpoint();
  failpoint('after-durable:purge');
}

/** With all that lies beside it: votes and secrets of epochs are gone. */
export function removeCommitteeStore(dataDir: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal'])
    rmSync(join(dataDir, `committee.db${suffix}`), { force: true });
}
