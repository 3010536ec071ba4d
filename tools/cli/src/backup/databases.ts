/** The databases of the two services that a backup is made of. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Database } from 'libsql';
import { Refusal } from '../output';

export interface Kind {
  readonly service: 'coordinator' | 'router-node';
  readonly file: string;
  /** A table that it has and the other one has not. */
  readonly table: string;
}

const kinds: readonly Kind[] = [
  { service: 'coordinator', file: 'coordinator.db', table: 'journal' },
  { service: 'router-node', file: 'router.db', table: 'ledger_entry' },
];

/** In a database of a release that has none yet. */
export const MARK_TABLE =
  'CREATE TABLE IF NOT EXISTS backup_mark (id bigint PRIMARY KEY, made_at_ms bigint, assumed_numbers bigint)';

/**
 * The database of a data directory. `committee.db` is none of them: votes and epoch secrets are in no backup
 * (docs/protocol.md, "Epochs").
 */
export function kindOfDirectory(dataDir: string): Kind {
  const found = kinds.filter(({ file }) => existsSync(join(dataDir, file)));
  if (found.length !== 1)
    throw new Refusal(
      `${dataDir} holds ${found.length === 0 ? 'neither' : 'both'} ${kinds.map(({ file }) => file).join(' and ')}`,
    );
  return found[0];
}

/** Throws for a damaged file and for one that no backup of these services is. */
export function kindOfBackup(database: Database): Kind {
  const [check] = database.prepare('PRAGMA quick_check(1)').raw().all([]) as unknown as [string][];
  if (check[0] !== 'ok') throw new Refusal(`the backup is damaged: ${check[0]}`);
  const tables = new Set(
    (database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all([]) as { name: string }[]).map(
      ({ name }) => name,
    ),
  );
  const kind = kinds.find(({ table }) => tables.has(table));
  if (!kind || tables.has('epoch_secret')) throw new Refusal('the file is no backup of a coordinator or a router-node');
  return kind;
}
