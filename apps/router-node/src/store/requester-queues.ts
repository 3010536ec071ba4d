/**
 * Which waiting observations are ready where a round takes at most so many of one requester: under each key the oldest
 * ones of each requester, as many as that limit. The rest is out of the way of a round until those are taken, so a
 * round never reads past a long queue.
 */
import { type Database } from '@secagg/journal/sqlite';

export interface Queued {
  readonly key: string;
  readonly requester: string | null;
}

export class RequesterQueues {
  /**
   * @param limit requests of one requester in a round; undefined for no limit, and then everything that waits is ready
   */
  constructor(
    private readonly database: Database,
    private readonly limit: number | undefined,
  ) {
    database.transaction(() => this.follow());
  }

  /** Whether a new observation is ready; part of the transaction that adds it. */
  enter({ key, requester }: Queued): boolean {
    if (this.limit === undefined || requester === null) return true;
    if (this.readyOf(key, requester) >= this.limit) return false;
    this.change(key, requester, 1);
    return true;
  }

  /** These have gone from among the ready ones: the next of the same requesters and keys move up. */
  leave(gone: readonly Queued[]): void {
    this.forEachQueue(gone, (key, requester, count, limit) => {
      this.change(key, requester, -count);
      const free = limit - this.readyOf(key, requester);
      if (free > 0) this.change(key, requester, this.moveUp(key, requester, free));
      this.database.run('DELETE FROM requester_queue WHERE key = ? AND requester = ? AND ready = 0', key, requester);
    });
  }

  /** These, which had been ready, wait again. */
  comeBack(back: readonly Queued[]): void {
    this.forEachQueue(back, (key, requester, count) => this.change(key, requester, count));
  }

  private forEachQueue(
    members: readonly Queued[],
    visit: (key: string, requester: string, count: number, limit: number) => void,
  ): void {
    if (this.limit === undefined) return;
    const counts = new Map<string, [key: string, requester: string, count: number]>();
    for (const { key, requester } of members) {
      if (requester === null) continue;
      const name = JSON.stringify([key, requester]);
      const [, , count] = counts.get(name) ?? [key, requester, 0];
      counts.set(name, [key, requester, count + 1]);
    }
    for (const [key, requester, count] of counts.values()) visit(key, requester, count, this.limit);
  }

  private readyOf(key: string, requester: string): number {
    return (this.database.get(
      'SELECT ready FROM requester_queue WHERE key = ? AND requester = ?',
      key,
      requester,
    )?.[0] ?? 0) as number;
  }

  private change(key: string, requester: string, by: number): void {
    this.database.run(
      'INSERT INTO requester_queue VALUES (?, ?, ?) ON CONFLICT (key, requester) DO UPDATE SET ready = ready + excluded.ready',
      key,
      requester,
      by,
    );
  }

  private moveUp(key: string, requester: string, count: number): number {
    return this.database.run(
      `UPDATE observation SET ready = 1 WHERE id IN (
         SELECT id FROM observation WHERE key = ? AND requester = ? AND taken_by IS NULL AND ready = 0 ORDER BY id LIMIT ?
       )`,
      key,
      requester,
      count,
    );
  }

  /** Orders what waits by the limit of now, where it was ordered by another one. */
  private follow(): void {
    const { database, limit = null } = this;
    if (database.get('SELECT requests_per_requester FROM state')?.[0] === limit) return;
    database.run('UPDATE observation SET ready = 1 WHERE ready = 0');
    database.run('DELETE FROM requester_queue');
    if (limit !== null) {
      database.run(
        `UPDATE observation SET ready = 0 WHERE id IN (
           SELECT id FROM (
             SELECT id, row_number() OVER (PARTITION BY key, requester ORDER BY id) AS place FROM observation
             WHERE taken_by IS NULL AND requester IS NOT NULL AND charged_units = 0
           ) WHERE place > ?
         )`,
        limit,
      );
      database.run(
        `INSERT INTO requester_queue SELECT key, requester, count(*) FROM observation
         WHERE taken_by IS NULL AND ready = 1 AND requester IS NOT NULL AND charged_units = 0 GROUP BY key, requester`,
      );
    }
    database.run('UPDATE state SET requests_per_requester = ?', limit);
  }
}
