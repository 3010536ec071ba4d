/**
 * What a router knows of its own requests for its priors (docs/priors.md): sums by key and span of time, from their
 * arrival on, and what each round had of them. Both lie there as observations do: sealed under the store key where
 * there is one.
 */
import { addStatistics, noOwnStatistics, type OwnBucket, type OwnStatistics, scored } from '@secagg/priors';
import { type Database, type SqlValue } from '@secagg/journal/sqlite';
import { nextId } from './next-id';
import { inTheClear, type RowSeal } from './row-seal';

const HOUR_MS = 3_600_000;

/** The coordinates of a router's vector that are not 0. */
interface Part {
  readonly length: number;
  readonly at: readonly number[];
  readonly values: readonly number[];
}

export class OwnRequests {
  /** @param spanMs what arrives within it is added up, and counts from its middle */
  constructor(
    private readonly database: Database,
    private readonly sealed: RowSeal = inTheClear,
    private readonly spanMs = HOUR_MS,
  ) {}

  /** Part of the transaction that accepts them. */
  add(byKey: ReadonlyMap<string, OwnStatistics>, nowMs: number): void {
    for (const [key, statistics] of byKey) this.addTo(key, nowMs, statistics);
  }

  /** A score that came after its request, in place of the one before. */
  score(
    key: string,
    scores: { readonly before: number | undefined; readonly quality: number },
    receivedAtMs: number,
  ): void {
    this.addTo(key, receivedAtMs, scored(scores.before, scores.quality));
  }

  get isEmpty(): boolean {
    return this.database.get('SELECT 1 FROM own_requests LIMIT 1') === undefined;
  }

  /** The beginning of the span in which something arrives. */
  spanOf(atMs: number): number {
    return atMs - (atMs % this.spanMs);
  }

  keys(): string[] {
    return this.database.all('SELECT DISTINCT key FROM own_requests').map(([key]) => key as string);
  }

  bucketsOf(key: string): OwnBucket[] {
    return this.database
      .all('SELECT id, span_ms, body FROM own_requests WHERE key = ? ORDER BY span_ms', key)
      .map(([id, fromMs, body]) => ({
        timeMs: (fromMs as number) + this.spanMs / 2,
        statistics: this.read(id as number, body),
      }));
  }

  /** Those of before the aliases of now: what comes in has been renamed by them already. */
  rename(renamed: (key: string) => string): void {
    // All are read first: what one name becomes may be another's old name.
    const moved = this.keys()
      .map((key) => ({ key, to: renamed(key), buckets: this.bucketsOf(key) }))
      .filter(({ key, to }) => to !== key);
    for (const { key } of moved) this.database.run('DELETE FROM own_requests WHERE key = ?', key);
    for (const { to, buckets } of moved)
      for (const { timeMs, statistics } of buckets) this.addTo(to, timeMs - this.spanMs / 2, statistics);
  }

  /** What a round has of them, as it is in its sums. Part of the transaction that takes it. */
  putPart(roundKey: string, vector: Float64Array, nowMs: number): void {
    const at = [...vector.keys()].filter((i) => vector[i] !== 0);
    const part: Part = { length: vector.length, at, values: at.map((i) => vector[i]) };
    this.removePart(roundKey);
    const id = nextId(this.database, 'own_part');
    this.database.run(
      'INSERT INTO own_part (id, round_key, body, at_ms) VALUES (?, ?, ?, ?)',
      id,
      roundKey,
      this.sealed.seal(JSON.stringify(part), 'own_part', id),
      nowMs,
    );
  }

  /** The round has been published without it. */
  removePart(roundKey: string): void {
    this.database.run('DELETE FROM own_part WHERE round_key = ?', roundKey);
  }

  partOf(roundKey: string): Float64Array | undefined {
    const row = this.database.get('SELECT id, body FROM own_part WHERE round_key = ?', roundKey);
    if (!row) return undefined;
    const { length, at, values } = JSON.parse(this.sealed.open(row[1], 'own_part', row[0] as number)) as Part;
    const vector = new Float64Array(length);
    at.forEach((index, i) => (vector[index] = values[i]));
    return vector;
  }

  dropOlder(beforeMs: number): void {
    this.database.run('DELETE FROM own_requests WHERE span_ms < ?', beforeMs);
    // After the requests that are in it: what is still an own request must not count in the round as well.
    this.database.run('DELETE FROM own_part WHERE at_ms < ?', beforeMs - this.spanMs);
  }

  clear(): void {
    this.database.run('DELETE FROM own_requests');
    this.database.run('DELETE FROM own_part');
  }

  private addTo(key: string, atMs: number, statistics: OwnStatistics): void {
    const spanMs = this.spanOf(atMs);
    const row = this.database.get('SELECT id, body FROM own_requests WHERE key = ? AND span_ms = ?', key, spanMs);
    const total = addStatistics(row ? this.read(row[0] as number, row[1]) : noOwnStatistics, statistics);
    const id = row ? (row[0] as number) : nextId(this.database, 'own_requests');
    this.database.run(
      'INSERT INTO own_requests (id, key, span_ms, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
      id,
      key,
      spanMs,
      this.sealed.seal(JSON.stringify(total), 'own_requests', id),
    );
  }

  private read(id: number, body: SqlValue): OwnStatistics {
    return JSON.parse(this.sealed.open(body, 'own_requests', id)) as OwnStatistics;
  }
}
