/** Retention: a finished round leaves memory and journal after a while, its transcript later, its record last. */
import { type Engine } from '../engine';
import { isFinal } from './phases';

export interface Retention {
  /** How long a finished round still answers late contributions with their receipts, in milliseconds. */
  readonly finishedRoundMs: number;
  /** How long transcripts are kept, in milliseconds. */
  readonly transcriptMs: number;
  /** How long records and signals are kept, in milliseconds; the newest signal of a cluster stays. */
  readonly recordMs: number;
}

/** Gives the keys of the rounds that were released. */
export async function releaseFinishedRounds(engine: Engine, retention: Retention): Promise<string[]> {
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
