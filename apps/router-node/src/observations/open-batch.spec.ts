import { type IngestStore, type RowOutcome } from '../ingest/ingest-store';
import { mapScore } from '../ingest/reported-score';
import { DEFAULT_BOUNDS } from '../ingest/values/count-values';
import { SecaggError } from '@secagg/schema';
import { carried } from './carried-error';
import { OpenBatch } from './open-batch';

const start = { source: 'scores', format: 'json', bounds: DEFAULT_BOUNDS } as const;
const piece = (text: string) => ({ piece: new Uint8Array(Buffer.from(text)) });
const scores = (count: number) => JSON.stringify(Array.from({ length: count }, (_, i) => ({ id: `${i}`, quality: 1 })));
const whole = { end: 'whole' } as const;

/** A disk that writes when it is let. */
function disk() {
  const writes: (() => void)[] = [];
  let written = 0;
  const acceptRows: IngestStore['acceptRows'] = (rows) =>
    new Promise((resolve) =>
      writes.push(() => {
        written += rows.length;
        resolve(rows.map((): RowOutcome => 'accepted'));
      }),
    );
  return { store: { acceptRows }, writes, written: () => written };
}
const prompt: IngestStore = { acceptRows: (rows) => Promise.resolve(rows.map(() => 'accepted')) };

/** Whether it is still open after all that could have been done meanwhile. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  void promise.finally(() => (pending = false)).catch(() => undefined);
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  return pending;
}

it('wants the next piece once the one before is read, and answers once everything is durable', async () => {
  const { store, writes, written } = disk();
  const batch = new OpenBatch(start, mapScore, store);
  expect(await batch.step(undefined)).toEqual({ wantsPiece: true, notes: [] });
  const text = scores(1500);
  const cut = text.indexOf('"1200"');
  // A thousand rows are made durable on the way, and until they are nothing further is wanted.
  const first = batch.step(piece(text.slice(0, cut)));
  expect(await isPending(first)).toBe(true);
  expect([writes.length, written()]).toEqual([1, 0]);
  writes[0]();
  expect((await first).notes).toHaveLength(1);
  expect((await batch.step(undefined)).wantsPiece).toBe(true);
  expect((await batch.step(piece(text.slice(cut)))).wantsPiece).toBe(true);
  const last = batch.step(whole);
  expect(await isPending(last)).toBe(true);
  writes[1]();
  await last;
  expect(written()).toBe(1500);
  const { result } = await batch.step(undefined);
  expect(result).toEqual({ answer: { accepted: 1500, skipped: {}, rejected: [] } });
});

/** Everything that is there of a body. */
async function read(batch: OpenBatch, ...given: Parameters<OpenBatch['step']>[0][]) {
  for (let next: Parameters<OpenBatch['step']>[0]; ; ) {
    const { wantsPiece, result } = await batch.step(next);
    if (result) return result;
    next = wantsPiece ? given.shift() : undefined;
  }
}

it('keeps what came before a body that breaks off or cannot be read on', async () => {
  const why = carried(new SecaggError('too_slow', 'the body came too slowly'));
  const broken = new OpenBatch(start, mapScore, prompt);
  expect(await read(broken, piece(scores(2).slice(0, -1)), { end: 'broken', why })).toMatchObject({
    answer: { accepted: 2 },
    problem: { code: 'too_slow' },
  });
  const unreadable = new OpenBatch(start, mapScore, prompt);
  expect(await read(unreadable, piece(`${scores(2).slice(0, -1)},}`), piece(' '))).toMatchObject({
    answer: { accepted: 2 },
    problem: { code: 'malformed' },
  });
});

it('fails as the disk does', async () => {
  const store = { acceptRows: () => Promise.reject(new Error('database or disk is full')) };
  await expect(read(new OpenBatch(start, mapScore, store), piece(scores(1)), whole)).rejects.toThrow('disk is full');
});
