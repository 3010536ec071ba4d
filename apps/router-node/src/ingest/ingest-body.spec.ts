import { createMetrics } from '@secagg/metrics';
import { SecaggError } from '@secagg/schema';
import { type IngestProgress, type IngestStep } from '../observations/ingest-steps';
import { ingestBody } from './ingest-body';
import { ValueLog } from './values/value-log';

const progress = (change: Partial<IngestProgress>): IngestProgress => ({
  wantsPiece: false,
  notes: [],
  isFullOfUnlisted: false,
  ...change,
});
const nothing = { accepted: 0, skipped: {}, rejected: [] };

/** A store that answers the steps of a body with these, and what it was given. */
function sending(body: AsyncIterable<Uint8Array>, ...answers: readonly (IngestProgress | Error)[]) {
  const metrics = createMetrics({ app: 'router-node', processMetrics: false });
  const values = new ValueLog(metrics, { warn: jest.fn(), info: jest.fn() });
  const steps: IngestStep[] = [];
  const ingest = (step: IngestStep): Promise<IngestProgress> => {
    const answer = answers[steps.push(step) - 1];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const answer = ingestBody({ source: 'litellm', format: 'json' }, body, { observations: { ingest }, values, metrics });
  return { answer, steps, metrics };
}

function body(...pieces: (number | Error)[]) {
  const read = { pieces: 0, closed: false };
  const stream = async function* () {
    try {
      for (const piece of pieces) {
        read.pieces += 1;
        if (piece instanceof Error) throw await Promise.resolve(piece);
        yield await Promise.resolve(Uint8Array.of(piece));
      }
    } finally {
      read.closed = true;
    }
  };
  return { read, stream: stream() };
}

const given = (steps: readonly IngestStep[]) =>
  steps.map((step) => (step.given && 'piece' in step.given ? step.given.piece[0] : step.given?.end));

it('hands a body on piece by piece, each when it is wanted, and counts what has become of it', async () => {
  const { stream, read } = body(1, 2);
  const clipped = { latency_s: { 'm:t': 3 } };
  const { answer, steps, metrics } = sending(
    stream,
    progress({ wantsPiece: true }),
    progress({ notes: [{ clipped, dropped: {}, bounded: { latency_s: 3 } }] }),
    progress({ wantsPiece: true, isFullOfUnlisted: true }),
    progress({ wantsPiece: true }),
    progress({ result: { answer: { ...nothing, accepted: 3, skipped: { duplicate: 1 }, clipped } } }),
  );
  expect(await answer).toEqual({
    ...nothing,
    accepted: 3,
    skipped: { duplicate: 1 },
    clipped,
    warnings: [expect.stringContaining('are they milliseconds?')],
  });
  expect(given(steps)).toEqual([undefined, 1, undefined, 2, 'whole']);
  expect(new Set(steps.map(({ id }) => id)).size).toBe(1);
  expect([steps[0].start?.source, steps[1].start]).toEqual(['litellm', undefined]);
  expect(read).toEqual({ pieces: 2, closed: true });
  const text = await metrics.exposition();
  expect(text).toContain('router_ingest_rows_total{source="litellm",outcome="accepted",reason=""} 3');
  expect(text).toContain('router_ingest_rows_total{source="litellm",outcome="skipped",reason="duplicate"} 1');
});

it('reads no further once the store has refused the body', async () => {
  const { stream, read } = body(1, 2, 3);
  const problem = { kind: 'problem', code: 'malformed', message: 'no JSON', details: { row: 4 } } as const;
  const { answer, metrics } = sending(
    stream,
    progress({ wantsPiece: true }),
    progress({ result: { answer: { ...nothing, accepted: 2 }, problem } }),
  );
  await expect(answer).rejects.toMatchObject({ code: 'malformed', details: { row: 4, accepted: 2, skipped: {} } });
  expect(read).toEqual({ pieces: 1, closed: true });
  expect(await metrics.exposition()).toContain('outcome="accepted",reason=""} 2');
});

it('tells the store of a body that breaks off, so that what came stays', async () => {
  const { stream } = body(1, new SecaggError('too_slow', 'the body came too slowly'));
  const { answer, steps } = sending(
    stream,
    progress({ wantsPiece: true }),
    progress({ wantsPiece: true }),
    progress({
      result: { answer: nothing, problem: { kind: 'problem', code: 'too_slow', message: 'slow', details: {} } },
    }),
  );
  await expect(answer).rejects.toMatchObject({ code: 'too_slow' });
  expect(steps[2].given).toMatchObject({ end: 'broken', why: { code: 'too_slow' } });
});

it('fails as the store does, and closes the body', async () => {
  const { stream, read } = body(1, 2);
  const { answer } = sending(stream, progress({ wantsPiece: true }), new Error('database or disk is full'));
  await expect(answer).rejects.toThrow('disk is full');
  expect(read).toEqual({ pieces: 1, closed: true });
});
