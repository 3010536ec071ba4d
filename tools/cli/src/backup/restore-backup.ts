import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { Refusal } from '../output';
import { type Kind, kindOfBackup } from './databases';
import { makeDurably } from './durable-file';

export interface RestoredBackup {
  readonly service: Kind['service'];
  readonly file: string;
}

/**
 * Puts a backup into an empty data directory. What a router-node has forgotten it makes up for itself when it starts.
 * @param assumedUnits of a router-node: what was spent at most since the backup, in units of 2^-40 rho; undefined for its whole budget
 */
export function restoreBackup(backup: string, dataDir: string, assumedUnits: number | undefined): RestoredBackup {
  if (!existsSync(backup)) throw new Refusal(`there is no ${backup}`);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  for (const name of ['coordinator.db', 'router.db', 'committee.db']) {
    if (existsSync(join(dataDir, name)))
      throw new Refusal(
        `${join(dataDir, name)} is there: a backup is restored into an empty data directory. A committee.db from before must not come back: delete it`,
      );
  }
  const kind = inspect(backup);
  if (kind.service === 'coordinator' && assumedUnits !== undefined)
    throw new Refusal('only a router-node has a budget of its own');
  const file = join(dataDir, kind.file);
  makeDurably(file, (draft) => {
    copyFileSync(backup, draft);
    if (assumedUnits !== undefined)
      over(draft, (database) => database.prepare('UPDATE backup_mark SET assumed_units = ?').run([assumedUnits]));
  });
  return { service: kind.service, file };
}

function inspect(backup: string): Kind {
  return over(backup, (database) => {
    const kind = kindOfBackup(database);
    if (kind.service === 'router-node' && database.prepare('SELECT 1 FROM backup_mark').all([]).length === 0) {
      throw new Refusal('the file was not made by `secagg backup`: a router-node would not know what it has forgotten');
    }
    return kind;
  });
}

function over<T>(path: string, act: (database: InstanceType<typeof Database>) => T): T {
  const database = new Database(path);
  try {
    return act(database);
  } finally {
    database.close();
  }
}
