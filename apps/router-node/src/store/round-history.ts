/**
 * Verified rounds that priors are made from: bounded by age, number and size, but never without the newest one that is
 * of use.
 */
import { type CataloguedRound, type ResultRound, type SummedRound } from '@secagg/priors';
import { type Database } from '@secagg/journal/sqlite';

const MAX_ROUNDS = 256;
const MAX_BYTES = 32 * 1024 * 1024;
const DAY_MS = 86_400_000;
/** Beyond the age limit of priors: a fleet that pauses for longer keeps its last rounds. */
const KEPT_DAYS = 30;

export interface KnownRound extends CataloguedRound {
  /** Not everything in it is withheld. */
  readonly isOfUse: boolean;
  /** This router's contribution is in it. */
  readonly isOurs: boolean;
}

interface Stored {
  readonly participants: number;
  readonly isOurs: boolean;
  readonly epsilon?: number;
  readonly layout: SummedRound['layout'];
  readonly noiseVariance?: number;
  readonly result?: Omit<ResultRound, 'kind' | 'own'>;
}

export class RoundHistory {
  constructor(private readonly database: Database) {}

  /** Part of the transaction that takes over the result of the round. */
  put(round: KnownRound, nowMs: number): void {
    const { cluster, source, layout, participants, isOurs, epsilon } = round;
    const stored: Stored = {
      participants,
      isOurs,
      layout,
      ...(epsilon === undefined ? {} : { epsilon }),
      ...(source.kind === 'sums'
        ? { noiseVariance: source.noiseVariance }
        : {
            result: {
              signals: source.signals,
              details: source.details,
              withheld: source.withheld,
              ...(source.noise === undefined ? {} : { noise: source.noise }),
            },
          }),
    };
    const sums = source.kind === 'sums' ? new Uint8Array(source.sums.slice().buffer) : null;
    const body = JSON.stringify(stored);
    this.database.run(
      `INSERT INTO round_history (cluster, round, round_time_ms, of_use, bytes, body, sums) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (cluster, round) DO NOTHING`,
      cluster,
      round.round,
      round.timeMs,
      round.isOfUse ? 1 : 0,
      body.length + (sums?.length ?? 0),
      body,
      sums,
    );
    this.prune(cluster, nowMs);
  }

  /** Their numbers, newest first. */
  list(cluster: string): number[] {
    return this.database
      .all('SELECT round FROM round_history WHERE cluster = ? ORDER BY round_time_ms DESC, round DESC', cluster)
      .map(([round]) => round as number);
  }

  get(cluster: string, round: number): KnownRound | undefined {
    const row = this.database.get(
      'SELECT round_time_ms, of_use, body, sums FROM round_history WHERE cluster = ? AND round = ?',
      cluster,
      round,
    );
    if (!row) return undefined;
    const [timeMs, ofUse, body, sums] = row;
    const { result, noiseVariance = 0, ...stored } = JSON.parse(body as string) as Stored;
    return {
      cluster,
      round,
      timeMs: timeMs as number,
      isOfUse: ofUse === 1,
      ...stored,
      source: result
        ? { kind: 'result', ...result }
        : { kind: 'sums', layout: stored.layout, sums: floatsOf(sums as Uint8Array), noiseVariance },
    };
  }

  private prune(cluster: string, nowMs: number): void {
    const rows = this.database.all(
      'SELECT round, round_time_ms, of_use, bytes FROM round_history WHERE cluster = ? ORDER BY round_time_ms DESC, round DESC',
      cluster,
    ) as unknown as [number, number, 0 | 1, number][];
    const newestOfUse = rows.find(([, , ofUse]) => ofUse === 1)?.[0];
    let bytes = 0;
    rows.forEach(([round, timeMs, , size], i) => {
      bytes += size;
      const isOver = i >= MAX_ROUNDS || bytes > MAX_BYTES || timeMs < nowMs - KEPT_DAYS * DAY_MS;
      if (isOver && i > 0 && round !== newestOfUse)
        this.database.run('DELETE FROM round_history WHERE cluster = ? AND round = ?', cluster, round);
    });
  }
}

/** Bytes from the database lie at any offset. */
const floatsOf = (bytes: Uint8Array): Float64Array => new Float64Array(new Uint8Array(bytes).buffer);
