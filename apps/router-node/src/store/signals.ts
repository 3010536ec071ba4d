/** The latest verified aggregate of each cluster. */
import { type PublishedSignal } from '@secagg/client';
import { type RoundConfig } from '@secagg/schema';
import { type Database } from '@secagg/journal/sqlite';

type RoundAt = Pick<RoundConfig, 'round' | 'round_time_ms'>;
export type ImplausibleRound = NonNullable<PublishedSignal['newer_implausible']>;

export class AggregateTable {
  constructor(private readonly database: Database) {}

  /**
   * Keeps it when it is later than the one held, by time and then by number; one in which every key is withheld never
   * replaces one that is of use. Of an implausible one only why it is that is kept, apart.
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
