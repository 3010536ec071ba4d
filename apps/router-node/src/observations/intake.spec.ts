import { type RewardObservation } from '@secagg/schema';
import { useTestFolder } from '../../test/support/test-folder';
import { type ObservationTables, openObservationTables } from '../store/observation-tables';
import { Intake, type IntakeLimits, type RawBatch } from './intake';

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
const batch = (observations: readonly RewardObservation[], idempotencyKey?: string): RawBatch => ({
  contentType: 'application/json',
  body: new Uint8Array(Buffer.from(JSON.stringify(observations))),
  ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
});
const intake = (limits: Partial<IntakeLimits> = {}) =>
  new Intake(store, { maxObservations: 100, maxUnlisted: 3, ...limits }, () => nowMs);
/** Accepts one batch by itself. */
const accept = (taking: Intake, ...args: Parameters<typeof batch>) => {
  const accepted = taking.accept(batch(...args));
  while (!taking.flush());
  return accepted;
};
const take = (ids: readonly number[], roundKey: string) => {
  const ready = [...store.observations.ready(['m:t'])].filter(({ id }) => ids.includes(id));
  store.claims.put({ roundKey, observations: ready.length });
  store.observations.take(ready, roundKey);
};
const kept = (accepted: number, unlisted = 0) => ({ accepted, unlisted });

describe('intake', () => {
  it('accepts batches that come together, each by itself', async () => {
    const taking = intake({ maxObservations: 10 });
    const all = [4, 7, 6, 1].map((count) => taking.accept(batch(rows(count))));
    const results = Promise.allSettled(all);
    expect(taking.flush()).toBe(true);
    expect(
      (await results).map((result) =>
        result.status === 'fulfilled' ? result.value.accepted : (result.reason as { code: string }).code,
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
    });
    const all = [large(), large(), large()].map((one) => taking.accept(one));
    expect([taking.flush(), taking.flush()]).toEqual([false, true]);
    expect(await Promise.all(all)).toEqual([kept(1), kept(1), kept(1)]);
  });

  it('counts a batch under an idempotency key once, also when it comes twice at a time or after its round', async () => {
    const taking = intake();
    const both = [taking.accept(batch(rows(3), 'k')), taking.accept(batch(rows(3), 'k'))];
    taking.flush();
    expect(await Promise.all(both)).toEqual([kept(3), kept(3)]);
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
    expect([...store.observations.ready(['m:t'])].map(({ id }) => id)).toEqual([3]);
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
