import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { Refusal } from '../output';
import { type Kind, kindOfDirectory, MARK_TABLE } from './databases';
import { makeDurably } from './durable-file';

export interface MadeBackup {
  readonly service: Kind['service'];
  readonly file: string;
  readonly bytes: number;
}

/** A reader of the database may have to wait while the service folds its log into it. */
const TIMEOUT_MS = 10_000;

/**
 * Writes one consistent state of a service's database to a file, while the service runs or not: everything that it has
 * acknowledged before this began is in it. Never overwrites a file.
 */
export function makeBackup(dataDir: string, file: string, nowMs: number): MadeBackup {
  if (existsSync(file)) throw new Refusal(`${file} is there already`);
  const kind = kindOfDirectory(dataDir);
  makeDurably(file, (draft) => {
    const source = new Database(join(dataDir, kind.file), { timeout: TIMEOUT_MS });
    try {
      source.prepare('VACUUM INTO ?').run([draft]);
    } finally {
      source.close();
    }
    mark(draft, nowMs);
  });
  return { service: kind.service, file, bytes: statSync(file).size };
}

/**
 * A service that finds the mark knows what it may have forgotten since: a router-node what it has answered and spent, a
 * coordinator which numbers it has signed for.
 */
function mark(draft: string, nowMs: number): void {
  const backup = new Database(draft);
  try {
    backup.exec('PRAGMA journal_mode = DELETE');
    backup.exec('PRAGMA synchronous = FULL');
    backup.exec(MARK_TABLE);
    backup
      .prepare(
        'INSERT INTO backup_mark (id, made_at_ms) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET made_at_ms = excluded.made_at_ms',
      )
      .run([nowMs]);
  } finally {
    backup.close();
  }
}
