import { randomBytes } from 'node:crypto';
import { emptyCoordinator, LocalFleet, startEpoch } from '@secagg/protocol';
import { JournaledState } from './journaled-state';
import { type JournalBatch } from './store/store';

const now = Date.UTC(2026, 0, 1);
const { view } = new LocalFleet({ routers: 3, committee: { size: 1, threshold: 1 }, random: randomBytes, nowMs: now });

/** A store whose writes end when the test says so. */
function heldStore() {
  const batches: { batch: JournalBatch; resolve: () => void; reject: (error: Error) => void }[] = [];
  return {
    batches,
    releaseRound: () => Promise.resolve(),
    releaseEpochs: () => Promise.resolve(),
    isLocked: false,
    checkUnlocked: () => undefined,
    append: (batch: JournalBatch) => new Promise<void>((resolve, reject) => batches.push({ batch, resolve, reject })),
  };
}

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  const pending = Symbol('pending');
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
};

describe('journaled state', () => {
  it('applies a step at once and replies when it is durable', async () => {
    const store = heldStore();
    const journal = new JournaledState(emptyCoordinator(view), store, () => undefined);
    const reply = journal.commit((state) => startEpoch(state, 1000, now));
    expect(journal.state.epochs.has(1)).toBe(true);
    expect(await settled(reply)).toBe(false);
    store.batches[0].resolve();
    expect(await reply).toMatchObject({ epoch: 1 });
    expect(store.batches[0].batch.entries.map(({ type }) => type)).toEqual(['epoch-started']);
  });

  // A retry of a request whose first write is still under way must not be answered before it.
  it('does not reply to a step without events either before everything in memory is durable', async () => {
    const store = heldStore();
    const journal = new JournaledState(emptyCoordinator(view), store, () => undefined);
    void journal.commit((state) => startEpoch(state, 1000, now));
    const reply = journal.commit(() => ({ events: [], reply: 'held already' }));
    expect(await settled(reply)).toBe(false);
    store.batches[0].resolve();
    expect(await reply).toBe('held already');
    expect(await settled(journal.durable())).toBe(true);
  });

  it('reports a failed write before anything else happens, and gives no reply', async () => {
    const store = heldStore();
    const failures: unknown[] = [];
    const journal = new JournaledState(emptyCoordinator(view), store, (error) => failures.push(error));
    const reply = journal.commit((state) => startEpoch(state, 1000, now));
    store.batches[0].reject(new Error('disk full'));
    await expect(reply).rejects.toThrow('disk full');
    expect(failures).toEqual([new Error('disk full')]);
    await expect(journal.durable()).rejects.toThrow('disk full');
  });

  it('reports a step that cannot be applied: memory may be half-way', () => {
    const failures: unknown[] = [];
    const journal = new JournaledState(emptyCoordinator(view), heldStore(), (error) => failures.push(error));
    const impossible = { events: [{ type: 'round-closed' as const, key: 'no/1', atMs: now }], reply: undefined };
    return expect(journal.commit(() => impossible))
      .rejects.toThrow('no round')
      .then(() => expect(failures).toHaveLength(1));
  });

  it('tells listeners of every event in order, with the state already changed', () => {
    const journal = new JournaledState(emptyCoordinator(view), heldStore(), () => undefined);
    const heard: string[] = [];
    journal.onEvent((event) => heard.push(`${event.type} ${journal.state.epochs.size}`));
    void journal.commit((state) => startEpoch(state, 1000, now));
    void journal.commit((state) => startEpoch(state, 1000, now));
    expect(heard).toEqual(['epoch-started 1', 'epoch-started 2']);
  });
});
