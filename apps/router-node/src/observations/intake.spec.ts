import { type RewardObservation } from '@secagg/schema';
import { useTestFolder } from '../../test/support/test-folder';
import { type ObservationTables, openObservationTables } from '../store/observation-tables';
import { type IncomingRow } from '../ingest/ingest-store';
import { idsOfLitellm, idsOfPlain, idsOfSpan, scoredRequest } from '../ingest/request-ids';
import { DEFAULT_BOUNDS } from '../ingest/values/count-values';
import { type RawBatch } from './batch-adder';
import { Intake } from './intake';
import { type IntakeLimits } from './row-adder';

const folder = useTestFolder();
let store: ObservationTables;
let nowMs = 0;
beforeEach(() => {
  nowMs = 1_800_000_000_000;
  store = openObservationTables({ dataDir: folder(), hash: (requester) => `hash of ${requester}` });
});
afterEach(() => store.close());

const rows = (count: number, model = 'm'): RewardObservation[] =>
  Array.from({ length: count }, () => ({ model, task: 't', success: true, latency_s: 1 }));
const batch = (observations: readonly unknown[], idempotencyKey?: string, atomic = false): RawBatch => ({
  contentType: 'application/json',
  body: new Uint8Array(Buffer.from(JSON.stringify(observations))),
  atomic,
  bounds: DEFAULT_BOUNDS,
  ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
});
const intake = (limits: Partial<IntakeLimits> = {}) =>
  new Intake(store, { maxObservations: 100, maxUnlisted: 3, ...limits }, () => nowMs);
/** Accepts one batch by itself. */
const accept = (taking: Intake, ...args: Parameters<typeof batch>) => {
  const accepted = taking.accept(batch(...args));
  while (!taking.flush());
  return accepted.then(({ answer }) => answer);
};
const acceptRows = (taking: Intake, ...given: IncomingRow[]) => {
  const accepted = taking.acceptRows(given);
  while (!taking.flush());
  return accepted;
};
const take = (ids: readonly number[], roundKey: string) => {
  const ready = [...store.observations.ready(['m:t'], 0)].filter(({ id }) => ids.includes(id));
  store.claims.put({ roundKey, observations: ready.length });
  store.observations.take(ready, roundKey);
};
const kept = (accepted: number, unlisted = 0) => ({
  accepted,
  skipped: unlisted === 0 ? {} : { unlisted },
  rejected: [],
});

describe('intake', () => {
  it('accepts batches that come together, each by itself', async () => {
    const taking = intake({ maxObservations: 10 });
    const all = [4, 7, 6, 1].map((count, i) => taking.accept(batch(rows(count), `${i}`)));
    const results = Promise.allSettled(all);
    expect(taking.flush()).toBe(true);
    expect(
      (await results).map((result) =>
        result.status === 'fulfilled' ? result.value.answer.accepted : (result.reason as { code: string }).code,
      ),
    ).toEqual([4, 'overloaded', 6, 'overloaded']);
    expect(store.observations.counts().waiting).toBe(10);
  });

  it('commits a few megabytes at a time, so that a round waits for no more', async () => {
    const taking = intake({ maxObservations: 1_000_000 });
    const padding = ' '.repeat(1_500_000);
    const large = () => ({
      contentType: 'application/json',
      body: new Uint8Array(Buffer.from(JSON.stringify(rows(1)) + padding)),
      bounds: DEFAULT_BOUNDS,
    });
    const all = [large(), large(), large()].map((one) => taking.accept(one));
    expect([taking.flush(), taking.flush()]).toEqual([false, true]);
    expect((await Promise.all(all)).map(({ answer }) => answer)).toEqual([kept(1), kept(1), kept(1)]);
  });

  it('counts a batch under an idempotency key once, also when it comes twice at a time or after its round', async () => {
    const taking = intake();
    const both = [taking.accept(batch(rows(3), 'k')), taking.accept(batch(rows(3), 'k'))];
    taking.flush();
    expect((await Promise.all(both)).map(({ answer }) => answer)).toEqual([kept(3), kept(3)]);
    take([1, 2, 3], 'c/1');
    store.claims.releaseSome('c/1', 'published');
    expect(await accept(taking, rows(3), 'k')).toEqual(kept(3));
    expect(store.observations.counts()).toEqual({ waiting: 0, taken: 0 });
    for (const other of [rows(3, 'other'), rows(2)])
      await expect(accept(taking, other, 'k')).rejects.toMatchObject({ code: 'duplicate' });
  });

  it('knows a batch again when there is no room for another', async () => {
    const taking = intake({ maxObservations: 3 });
    expect([await accept(taking, rows(3), 'k'), await accept(taking, rows(3), 'k')]).toEqual([kept(3), kept(3)]);
    await expect(accept(taking, rows(1), 'new')).rejects.toMatchObject({ code: 'overloaded' });
    take([1], 'c/1');
    store.claims.releaseSome('c/1', 'published');
    taking.recount();
    expect(await accept(taking, rows(1), 'new')).toEqual(kept(1));
  });

  it('drops what has waited too long, but nothing that a round has', async () => {
    const taking = intake();
    await accept(taking, rows(2));
    take([1], 'c/1');
    nowMs += 1000;
    await accept(taking, rows(1));
    expect(store.observations.dropSomeOlder(nowMs)).toBe(true);
    expect(store.observations.counts()).toEqual({ waiting: 1, taken: 1 });
    expect([...store.observations.ready(['m:t'], 0)].map(({ id }) => id)).toEqual([3]);
  });
});

describe('what no round can take', () => {
  it('counts as useful until a catalogue is known, and does not keep out what a round would take after that', async () => {
    const taking = intake({ maxObservations: 10 });
    expect(await accept(taking, rows(10, 'other'))).toEqual(kept(10));
    await expect(accept(taking, rows(1))).rejects.toMatchObject({ code: 'overloaded' });
    expect(store.catalogue.learn(['m:t'])).toBe(true);
    taking.recount();
    expect(await accept(taking, rows(10))).toEqual(kept(10));
    await expect(accept(taking, rows(1))).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('has a small quota of its own, beyond which it is skipped and counted, also beside what is useful', async () => {
    store.catalogue.learn(['m:t']);
    const taking = intake();
    expect(await accept(taking, [...rows(2), ...rows(2, 'other')])).toEqual(kept(4));
    expect(taking.isFullOfUnlisted).toBe(false);
    expect(await accept(taking, [...rows(2, 'other'), ...rows(2)])).toEqual(kept(3, 1));
    expect([taking.isFullOfUnlisted, taking.unlistedSkipped]).toEqual([true, 1]);
    // Batches that were known before are answered as they were.
    expect(await accept(taking, [...rows(1, 'other'), ...rows(1)], 'k')).toEqual(kept(1, 1));
    expect(await accept(taking, [...rows(1, 'other'), ...rows(1)], 'k')).toEqual(kept(1, 1));
    expect(store.observations.counts().waiting).toBe(8);
    expect(store.observations.waitingOutside('catalogue', 5)).toEqual([['other:t', 3]]);
    // Nothing is lost when the next catalogue has them.
    store.catalogue.learn(['m:t', 'other:t']);
    taking.recount();
    expect(taking.isFullOfUnlisted).toBe(false);
    expect(store.observations.waitingUnder('catalogue')).toBe(8);
  });
});

describe('rows by themselves', () => {
  const bad = { ...rows(1)[0], latency_s: -1 };

  it('are kept where they are good, also beside bad ones and under a key', async () => {
    const taking = intake();
    const rejected = [{ index: 1, code: 'invalid', message: expect.any(String), path: 'latency_s' }];
    expect(await accept(taking, [...rows(1), bad, ...rows(1)])).toEqual({ accepted: 2, skipped: {}, rejected });
    for (let i = 0; i < 2; i++)
      expect(await accept(taking, [...rows(1), bad], 'k')).toEqual({ accepted: 1, skipped: {}, rejected });
    expect(store.observations.counts().waiting).toBe(3);
  });

  it('are all or none where that is asked for', async () => {
    const taking = intake({ maxObservations: 3 });
    await expect(accept(taking, [...rows(1), bad], undefined, true)).rejects.toMatchObject({
      code: 'invalid',
      details: { index: 1, path: 'latency_s' },
    });
    await expect(accept(taking, rows(4), undefined, true)).rejects.toMatchObject({ code: 'overloaded' });
    expect(store.observations.counts().waiting).toBe(0);
  });

  it('are kept as long as there is room, and the batch is refused when there is none for any', async () => {
    const taking = intake({ maxObservations: 3 });
    const { accepted, rejected } = await accept(taking, rows(5));
    expect([accepted, rejected.map(({ index, code }) => [index, code])]).toEqual([
      3,
      [
        [3, 'overloaded'],
        [4, 'overloaded'],
      ],
    ]);
    await expect(accept(taking, [...rows(1), bad])).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('are told of values that count as their bound, or for nothing', async () => {
    const { clipped, dropped } = await accept(intake(), [{ ...rows(1)[0], latency_s: 1500, cost_usd: 1 }]);
    expect([clipped, dropped]).toEqual([{ latency_s: { 'm:t': 1 } }, { cost_usd: { 'm:t': 1 } }]);
  });
});

describe('requests with a name', () => {
  const [observation] = rows(1);
  const named = (ids = idsOfLitellm('a'), change: Partial<RewardObservation> = {}): IncomingRow => ({
    kind: 'observation',
    observation: { ...observation, ...change },
    ids,
  });
  const score = (request: readonly string[], quality = 0.5): IncomingRow => ({ kind: 'score', request, quality });
  const qualities = () =>
    [...store.observations.read([...store.observations.ready(['m:t'], 0)].map(({ id }) => id))].map(
      ({ quality }) => quality,
    );

  it('count once, in a batch, over batches, over a round and over a restart', async () => {
    const taking = intake();
    expect(await acceptRows(taking, named(), named(), named(idsOfLitellm('b')))).toEqual([
      'accepted',
      'duplicate',
      'accepted',
    ]);
    take([1], 'c/1');
    store.claims.releaseSome('c/1', 'published');
    expect(await acceptRows(intake(), named())).toEqual(['duplicate']);
    // Another source's names are others.
    expect(await acceptRows(taking, named(idsOfPlain('a')), named(idsOfSpan('t', 's', 'a')))).toEqual([
      'accepted',
      'accepted',
    ]);
    expect(store.observations.counts().waiting).toBe(3);
  });

  it('count once as plain observations with an id, which is not kept', async () => {
    const taking = intake();
    expect(
      await accept(taking, [
        { ...observation, id: 'x1' },
        { ...observation, id: 'x1' },
      ]),
    ).toEqual({
      accepted: 1,
      skipped: { duplicate: 1 },
      rejected: [],
    });
    expect(await accept(taking, [{ ...observation, id: 'x1' }])).toMatchObject({
      accepted: 0,
      skipped: { duplicate: 1 },
    });
    // Names are not in the observation, nor in the clear where they are known by.
    expect(JSON.stringify([...store.observations.read([1])])).not.toContain('x1');
  });

  it('are forgotten after their window', async () => {
    const taking = intake();
    await acceptRows(taking, named(), score(scoredRequest({ response: 'later' })));
    expect(store.requests.dropSomeOlder(nowMs)).toBe(true);
    expect(await acceptRows(taking, named())).toEqual(['duplicate']);
    expect(store.requests.dropSomeOlder(nowMs + 1)).toBe(true);
    expect(await acceptRows(taking, named(), named(idsOfLitellm('later')))).toEqual(['accepted', 'accepted']);
    expect(qualities()).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    ['LiteLLM by the response', named(idsOfLitellm('a')), scoredRequest({ response: 'a' })],
    ['a plain id', named(idsOfPlain('a')), scoredRequest({ response: 'a' })],
    ['a span', named(idsOfSpan('t', 's')), scoredRequest({ span: ['t', 's'] })],
    ['a span by the response', named(idsOfSpan('t', 's', 'a')), scoredRequest({ response: 'a' })],
    [
      'a span by the span beside a response',
      named(idsOfSpan('t', 's', 'a')),
      scoredRequest({ response: 'a', span: ['t', 's'] }),
    ],
  ])('get their score, whichever comes first: %s', async (_, request, names) => {
    expect(await acceptRows(intake(), request, score(names, 0.25))).toEqual(['accepted', 'accepted']);
    expect(qualities()).toEqual([0.25]);
    // A later one counts instead, and one for another request does not.
    await acceptRows(
      intake(),
      score(names, 0.75),
      score(scoredRequest({ response: 'other', span: ['t', 'other'] }), 1),
    );
    expect(qualities()).toEqual([0.75]);
    store.observations.clear();
    store.requests.dropSomeOlder(Infinity);
    expect(await acceptRows(intake(), score(names, 0.25), score(names, 0.5), request)).toEqual(
      Array(3).fill('accepted'),
    );
    expect(qualities()).toEqual([0.5]);
  });

  it('keep a quality of their own, and get no score once a round has them', async () => {
    const taking = intake();
    const names = scoredRequest({ response: 'a' });
    await acceptRows(taking, score(names), named(idsOfLitellm('a'), { quality: 1 }));
    expect(qualities()).toEqual([1]);
    take([1], 'c/1');
    expect(await acceptRows(taking, score(names))).toEqual(['taken']);
    store.claims.releaseSome('c/1', 'published');
    expect(await acceptRows(taking, score(names))).toEqual(['taken']);
  });
});
