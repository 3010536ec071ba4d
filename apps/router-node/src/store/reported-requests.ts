/**
 * Requests that were reported under a name: each counts once, and scores that come by themselves join their
 * observation.
 */
import { type RequestIds } from '../ingest/request-ids';
import { type RequesterHash } from '../observations/requester-hash';
import { type Database } from '@secagg/journal/sqlite';
import { nextId } from './next-id';
import { type ObservationTable } from './observations';
import { type OwnRequests } from './own-requests';
import { type RowSeal } from './row-seal';

/** Scores that may wait for their requests. */
const MAX_WAITING_SCORES = 100_000;
/** Rows that one step removes. */
const CHUNK = 1000;

export class ReportedRequests {
  private waitingScores: number;

  /** @param hash what a name becomes before it is stored */
  constructor(
    private readonly database: Database,
    private readonly observations: ObservationTable,
    private readonly hash: RequesterHash,
    private readonly sealed: RowSeal,
    private readonly own: Pick<OwnRequests, 'score'>,
  ) {
    this.waitingScores = this.countScores();
  }

  isKnown({ own }: RequestIds): boolean {
    return this.observationOf(this.hashOf(own)) !== undefined;
  }

  /** Part of the transaction that adds the observation. */
  put({ own, others }: RequestIds, observation: number, nowMs: number): void {
    for (const name of [own, ...others])
      this.database.run(
        'INSERT INTO reported_request VALUES (?, ?, ?) ON CONFLICT (request) DO UPDATE SET observation = excluded.observation, at_ms = excluded.at_ms',
        this.hashOf(name),
        observation,
        nowMs,
      );
  }

  /** An observation has another id now. */
  move(from: number, to: number): void {
    this.database.run('UPDATE reported_request SET observation = ? WHERE observation = ?', to, from);
  }

  /** The score that has come before the request, which waits no more. */
  takeScore({ own, others, scoredAs }: RequestIds): number | undefined {
    if (this.waitingScores === 0) return undefined;
    let quality: number | undefined;
    for (const name of [own, ...others, ...scoredAs]) {
      const row = this.database.get('SELECT id, body FROM waiting_score WHERE request = ?', this.hashOf(name));
      if (!row) continue;
      const [id, body] = row as [number, string | Uint8Array];
      quality ??= Number(this.sealed.open(body, 'waiting_score', id));
      this.database.run('DELETE FROM waiting_score WHERE id = ?', id);
      this.waitingScores -= 1;
    }
    return quality;
  }

  /**
   * Joins a score to its request, or keeps it until that comes.
   * @param names what the request may be known as; the score waits under the first
   * @returns `taken` when a round has the request already, `full` when no more scores can wait
   */
  score(names: readonly string[], quality: number, nowMs: number): 'accepted' | 'taken' | 'full' {
    const hashes = names.map((name) => this.hashOf(name));
    for (const hash of hashes) {
      const observation = this.observationOf(hash);
      if (observation === undefined) continue;
      const joined = this.observations.score(observation, quality);
      if (!joined) return 'taken';
      this.own.score(joined.key, { before: joined.before, quality }, joined.receivedAtMs);
      return 'accepted';
    }
    const known = this.database.get('SELECT id FROM waiting_score WHERE request = ?', hashes[0])?.[0] as
      | number
      | undefined;
    if (known === undefined && this.waitingScores >= MAX_WAITING_SCORES) return 'full';
    // The latest score of a request counts.
    if (known !== undefined) this.database.run('DELETE FROM waiting_score WHERE id = ?', known);
    const id = nextId(this.database, 'waiting_score');
    this.database.run(
      'INSERT INTO waiting_score VALUES (?, ?, ?, ?)',
      id,
      hashes[0],
      this.sealed.seal(String(quality), 'waiting_score', id),
      nowMs,
    );
    if (known === undefined) this.waitingScores += 1;
    return 'accepted';
  }

  /** Forgets some of what has come before `beforeMs`. @returns whether all of it is gone */
  dropSomeOlder(beforeMs: number): boolean {
    const gone = ['reported_request', 'waiting_score'].map((table) => {
      const key = table === 'waiting_score' ? 'id' : 'request';
      return this.database.run(
        `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE at_ms < ? LIMIT ?)`,
        beforeMs,
        CHUNK,
      );
    });
    this.recount();
    return gone.every((count) => count < CHUNK);
  }

  /** A transaction has been undone. */
  recount(): void {
    this.waitingScores = this.countScores();
  }

  private countScores(): number {
    return this.database.get('SELECT count(*) FROM waiting_score')?.[0] as number;
  }

  private observationOf(hash: string): number | undefined {
    return this.database.get('SELECT observation FROM reported_request WHERE request = ?', hash)?.[0] as
      | number
      | undefined;
  }

  private hashOf(name: string): string {
    return this.hash(`request ${name}`);
  }
}
