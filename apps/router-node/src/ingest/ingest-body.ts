/**
 * A body of rows on its way to the observation store. Here it is only handed on: what it holds, and how much, is of no
 * matter to this thread, which polls.
 */
import { type IngestAnswer } from '@secagg/client';
import { type RouterNodeMetrics } from '@secagg/metrics';
import { SecaggError } from '@secagg/schema';
import { arrived, carried } from '../observations/carried-error';
import { type GivenPiece, type IngestResult, type IngestStart, type IngestStep } from '../observations/ingest-steps';
import { type ObservationStore } from '../observations/observation-store';
import { countAnswer } from './count-answer';
import { type ValueLog } from './values/value-log';

export interface IngestParts {
  readonly observations: Pick<ObservationStore, 'ingest'>;
  readonly values: ValueLog;
  readonly metrics: Pick<RouterNodeMetrics, 'rowsTaken' | 'unlistedQuotaFull'>;
}

let bodies = 0;

/**
 * Resolves when all that is accepted is durable. Throws what reading the body throws, with what has become of the rows
 * before as details; and `overloaded` when there was room for none.
 */
export async function ingestBody(
  start: Omit<IngestStart, 'bounds'>,
  body: AsyncIterable<Uint8Array>,
  { observations, values, metrics }: IngestParts,
): Promise<IngestAnswer> {
  const id = (bodies += 1);
  const pieces = body[Symbol.asyncIterator]();
  let warnings: string[] = [];
  try {
    let step: IngestStep = { id, start: { ...start, bounds: values.bounds } };
    for (;;) {
      const { wantsPiece, notes, isFullOfUnlisted, result } = await observations.ingest(step);
      metrics.unlistedQuotaFull(isFullOfUnlisted);
      for (const some of notes) {
        const told = values.add(some);
        if (told.length > 0) warnings = told;
      }
      if (result) return answerOf(result, warnings, (answer) => countAnswer(start.source, answer, metrics));
      step = wantsPiece ? { id, given: await nextOf(pieces) } : { id };
    }
  } finally {
    await pieces.return?.();
  }
}

async function nextOf(pieces: AsyncIterator<Uint8Array>): Promise<GivenPiece> {
  try {
    const next = await pieces.next();
    // A copy, to be handed over: a small piece shares its memory with others.
    return next.done ? { end: 'whole' } : { piece: new Uint8Array(next.value) };
  } catch (error) {
    return { end: 'broken', why: carried(error) };
  }
}

function answerOf(
  { answer, problem }: IngestResult,
  warnings: string[],
  count: (answer: IngestAnswer) => void,
): IngestAnswer {
  const warned = warnings.length > 0 ? { ...answer, warnings } : answer;
  count(answer);
  if (!problem) return warned;
  const error = arrived(problem);
  if (!(error instanceof SecaggError) || error.code === 'overloaded') throw error;
  throw new SecaggError(error.code, error.message, { ...error.details, ...warned });
}
