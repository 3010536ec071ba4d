import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { Refusal, Usage } from '../output';
import { type Kind, kindOfBackup, MARK_TABLE } from './databases';
import { makeDurably } from './durable-file';

export interface RestoredBackup {
  readonly service: Kind['service'];
  readonly file: string;
}

/** What the operator states about the time since the backup. */
export interface Assumed {
  /** Of a router-node: what was spent at most, in units of 2^-40 rho; by default its whole budget. */
  readonly units?: number;
  /**
   * Of a coordinator: rounds of a cluster, and epochs, at most; by default what there can have been in the time since.
   */
  readonly rounds?: number;
}

/** Puts a backup into an empty data directory. What the service has forgotten it makes up for itself when it starts. */
export function restoreBackup(backup: string, dataDir: string, assumed: Assumed): RestoredBackup {
  if (!existsSync(backup)) throw new Refusal(`there is no ${backup}`);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  for (const name of ['coordinator.db', 'router.db', 'observations.db', 'committee.db']) {
    if (existsSync(join(dataDir, name)))
      throw new Refusal(
        `${join(dataDir, name)} is there: a backup is restored into an empty data directory. A committee.db from before must not come back: delete it`,
      );
  }
  const kind = inspect(backup);
  checkAssumed(kind.service, assumed);
  const file = join(dataDir, kind.file);
  makeDurably(file, (draft) => {
    copyFileSync(backup, draft);
    over(draft, (database) => mark(database, kind, assumed));
  });
  return { service: kind.service, file };
}

export function checkAssumed(service: Kind['service'], { units, rounds }: Assumed): void {
  if (service === 'coordinator' && units !== undefined) throw new Usage('only a router-node has a budget of its own');
  if (service === 'router-node' && rounds !== undefined) throw new Usage('only a coordinator announces rounds');
}

function mark(database: InstanceType<typeof Database>, { service }: Kind, { units, rounds }: Assumed): void {
  database.exec('PRAGMA journal_mode = DELETE');
  database.exec('PRAGMA synchronous = FULL');
  if (service === 'router-node') {
    if (units !== undefined) database.prepare('UPDATE backup_mark SET assumed_units = ?').run([units]);
    return;
  }
  // A coordinator's backup of an earlier release has no mark: when it was made is not known then.
  database.exec(MARK_TABLE);
  database.prepare('INSERT INTO backup_mark (id) VALUES (1) ON CONFLICT (id) DO NOTHING').run([]);
  if (rounds !== undefined) database.prepare('UPDATE backup_mark SET assumed_numbers = ?').run([rounds]);
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
