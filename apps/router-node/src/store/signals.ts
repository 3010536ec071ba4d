/** The router's own ready-made signal waiting for a round, and the latest verified aggregate of each cluster. */
import { type PublishedSignal } from '@secagg/client';
import { type FederatedRewardSignal, type RoundConfig } from '@secagg/schema';
import { failpoint } from '../failpoint';
import { type Database } from './database';
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

type RoundAt = Pick<RoundConfig, 'round' | 'round_time_ms'>;
export type ImplausibleRound = NonNullable<PublishedSignal['newer_implausible']>;

export class AggregateTable {
  constructor(private readonly database: Database) {}

  /**
   * Keeps it when it is later than the one held, by time and then by number; one in which every key is withheld never replaces one that is of use.
   * Of an implausible one only why it is that is kept, apart.
   */
  put(cluster: string, { round, round_time_ms }: RoundAt, aggregate: PublishedSignal): void {
    const { implausible, verified_at } = aggregate;
    if (implausible) {
      const body: ImplausibleRound = {
        round,
        groups: implausible,
        ...(verified_at === undefined ? {} : { verified_at }),
      };
      this.putImplausible(cluster, { round, round_time_ms }, body);
      return;
    }
    const isOfUse = Object.keys(aggregate.signal.reward_signals).length > 0;
    this.database.run(
      `INSERT INTO aggregate (cluster, round, round_time_ms, of_use, body) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (cluster) DO UPDATE
       SET round = excluded.round, round_time_ms = excluded.round_time_ms, of_use = excluded.of_use, body = excluded.body
       WHERE (excluded.of_use, excluded.round_time_ms, excluded.round) > (aggregate.of_use, aggregate.round_time_ms, aggregate.round)`,
      cluster,
      round,
      round_time_ms,
      isOfUse ? 1 : 0,
      JSON.stringify(aggregate),
    );
  }

  /** The JSON text as it is given out. */
  latest(cluster: string): { round: number; json: string } | undefined {
    const row = this.database.get('SELECT round, body FROM aggregate WHERE cluster = ?', cluster);
    return row && { round: row[0] as number, json: row[1] as string };
  }

  /** The latest implausible round, where it is later than the result that is given out. */
  newerImplausible(cluster: string): ImplausibleRound | undefined {
    const row = this.database.get(
      `SELECT i.body FROM implausible_round i LEFT JOIN aggregate a ON a.cluster = i.cluster
       WHERE i.cluster = ? AND (a.cluster IS NULL OR (i.round_time_ms, i.round) > (a.round_time_ms, a.round))`,
      cluster,
    );
    return row && (JSON.parse(row[0] as string) as ImplausibleRound);
  }

  private putImplausible(cluster: string, { round, round_time_ms }: RoundAt, body: ImplausibleRound): void {
    this.database.run(
      `INSERT INTO implausible_round (cluster, round, round_time_ms, body) VALUES (?, ?, ?, ?)
       ON CONFLICT (cluster) DO UPDATE SET round = excluded.round, round_time_ms = excluded.round_time_ms, body = excluded.body
       WHERE (excluded.round_time_ms, excluded.round) > (implausible_round.round_time_ms, implausible_round.round)`,
      cluster,
      round,
      round_time_ms,
      JSON.stringify(body),
    );
  }
}
