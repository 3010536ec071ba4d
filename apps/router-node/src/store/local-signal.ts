/** The router's own ready-made signal, waiting for a round or taken by one. */
import { type FederatedRewardSignal } from '@secagg/schema';
import { failpoint } from '../failpoint';
import { type Database } from '@secagg/journal/sqlite';
import { nextId } from './next-id';
import { inTheClear, type RowSeal } from './row-seal';

export class LocalSignalTable {
  constructor(
    private readonly database: Database,
    private readonly sealed: RowSeal = inTheClear,
  ) {}

  /** Replaces the signal that waits. */
  put(signal: FederatedRewardSignal): void {
    this.database.transaction(() => {
      this.database.run('DELETE FROM local_signal WHERE taken_by IS NULL');
      const id = nextId(this.database, 'local_signal');
      this.database.run(
        'INSERT INTO local_signal (id, body) VALUES (?, ?)',
        id,
        this.sealed.seal(JSON.stringify(signal), 'local_signal', id),
      );
      failpoint('in-durable:signal-put');
    });
  }

  waiting(): FederatedRewardSignal | undefined {
    const row = this.database.get('SELECT id, body FROM local_signal WHERE taken_by IS NULL');
    return row && (JSON.parse(this.sealed.open(row[1], 'local_signal', row[0] as number)) as FederatedRewardSignal);
  }

  take(roundKey: string): void {
    this.database.run('UPDATE local_signal SET taken_by = ? WHERE taken_by IS NULL', roundKey);
  }

  remove(roundKey: string): void {
    this.database.run('DELETE FROM local_signal WHERE taken_by = ?', roundKey);
  }

  /** All of them. */
  clear(): void {
    this.database.run('DELETE FROM local_signal');
  }

  /** It waits again, unless a newer one has been put meanwhile. */
  giveBack(roundKey: string): void {
    if (this.waiting() === undefined)
      this.database.run('UPDATE local_signal SET taken_by = NULL WHERE taken_by = ?', roundKey);
    else this.remove(roundKey);
  }
}
