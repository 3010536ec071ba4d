/** Retention: a finished round leaves memory and journal after a while, its transcript later, its record last. */
import { every, type Part } from '@secagg/host';
import { type Engine } from '../engine';
import { isFinal } from './phases';

const EVERY_MS = 60_000;
const AT_MOST_EVERY_MS = 1000;

export interface RetentionTimes {
  /** How long a finished round still answers late contributions with their receipts, in milliseconds. */
  readonly finishedRoundMs: number;
  /** How long transcripts are kept, in milliseconds. */
  readonly transcriptMs: number;
  /** How long records and signals are kept, in milliseconds; the newest signal of a cluster stays. */
  readonly recordMs: number;
}

/** Gives the keys of the rounds that were released. */
export async function releaseFinishedRounds(engine: Engine, retention: RetentionTimes): Promise<string[]> {
  const { journal, store, now } = engine;
  const released: string[] = [];
  for (const [key, round] of [...journal.state.rounds]) {
    if (!isFinal(round.phase)) continue;
    const record = await store.finishedRound(key);
    // A phase that has changed since its record was written is about to get a new one.
    if (record?.phase !== round.phase || record.finishedAtMs + retention.finishedRoundMs > now()) continue;
    await journal.release(key);
    released.push(key);
  }
  await journal.releaseEpochs();
  await store.pruneTranscripts(now() - retention.transcriptMs);
  await store.pruneRecords(now() - retention.recordMs);
  return released;
}

/** Deletes what is past its retention once a minute; more often when finished rounds are kept for less than that. */
export class Retention implements Part {
  readonly name = 'retention';
  private readonly timer: Part;

  constructor(
    private readonly engine: Engine,
    private readonly times: RetentionTimes,
    private readonly onError: (error: unknown) => void,
  ) {
    const everyMs = Math.min(EVERY_MS, Math.max(AT_MOST_EVERY_MS, times.finishedRoundMs));
    this.timer = every(this.name, everyMs, () => void this.release());
  }

  async release(): Promise<void> {
    await releaseFinishedRounds(this.engine, this.times).catch(this.onError);
  }

  start(): void {
    this.timer.start?.();
  }

  stop(): void {
    this.timer.stop?.();
  }
}
