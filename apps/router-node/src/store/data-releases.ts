/**
 * Rounds that have ended, whose data the observation store has still to release: written in the step that ends them.
 */
import { type Release } from './claims';
import { type Database } from '@secagg/journal/sqlite';

export interface DataRelease {
  readonly roundKey: string;
  readonly release: Release;
}

export class DataReleaseTable {
  constructor(private readonly database: Database) {}

  /** Part of the caller's transaction. */
  put(roundKey: string, release: Release): void {
    const [name, units] = typeof release === 'string' ? [release, null] : ['charged', release.chargedUnits];
    this.database.run(
      'INSERT OR REPLACE INTO data_release (round_key, release, charged_units) VALUES (?, ?, ?)',
      roundKey,
      name,
      units,
    );
  }

  all(): DataRelease[] {
    return this.database
      .all('SELECT round_key, release, charged_units FROM data_release')
      .map(
        ([roundKey, release, units]) =>
          ({ roundKey, release: release === 'charged' ? { chargedUnits: units } : release }) as DataRelease,
      );
  }

  /** The store has released it. */
  remove(roundKey: string): void {
    this.database.run('DELETE FROM data_release WHERE round_key = ?', roundKey);
  }
}
