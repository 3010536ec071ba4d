/** Brings a database to the newest schema. Running it again is harmless; a database from the future is refused. */
import { type Database } from 'libsql';
import { failpoint } from '../failpoint';

export interface Migration {
  /** 1, 2, 3, ... */
  readonly version: number;
  readonly sql: string;
}

/** Throws when the database is of a newer release, which may have written what this one does not understand. */
export function migrate(db: Database, migrations: readonly Migration[]): void {
  db.exec('CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY) STRICT');
  const applied = new Set((db.prepare('SELECT version FROM schema_migrations').all([]) as { version: number }[]).map(({ version }) => version));
  const current = Math.max(0, ...applied);
  const newest = migrations.reduce((highest, { version }) => Math.max(highest, version), 0);
  if (current > newest) throw new Error(`the database has schema version ${current}, newer than ${newest}, the newest this release knows`);
  for (const { version, sql } of migrations) {
    // Not by the highest: a release may bring a lower number later than a higher one.
    if (applied.has(version)) continue;
    failpoint('before-durable:migration');
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(sql);
      db.prepare('INSERT INTO schema_migrations (version) VALUES (?)').run([version]);
      failpoint('in-durable:migration');
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
    failpoint('after-durable:migration');
  }
}
