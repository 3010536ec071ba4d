/** Rounds that have ended, whose data the observation store has still to release: written in the step that ends them. */
import { type Release } from './claims';
import { type Database } from './database';

export interface DataRelease {
  readonly roundKey: string;
  readonly release: Release;
}

export class DataReleaseTable {
  constructor(private readonly database: Database) {}

  /** Part of the caller's transaction. */
  put(roundKey: string, release: Release): void {
    this.database.run('INSERT OR REPLACE INTO data_release VALUES (?, ?)', roundKey, release);
  }

  all(): DataRelease[] {
    return this.database
      .all('SELECT round_key, release FROM data_release')
      .map(([roundKey, release]) => ({ roundKey, release }) as DataRelease);
  }

  /** The store has released it. */
  remove(roundKey: string): void {
    this.database.run('DELETE FROM data_release WHERE round_key = ?', roundKey);
  }
}
