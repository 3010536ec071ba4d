import { SecaggError } from '@secagg/schema';
import { Journal, type JournalStore, type Recorded, type Role } from './journal';
import { MemoryStore } from './memory-store';

interface Append {
  readonly type: 'append';
  readonly value: number;
}
const role: Role<number[], Append> = {
  begin: ({ value }) => [value],
  evolve: (state, { value }) => {
    if (value < 0) throw new Error('not an event');
    state.push(value);
  },
  snapshot: (state) => state,
  restore: (value) => value as number[],
};
const append = (...values: number[]): Append[] => values.map((value) => ({ type: 'append', value }));

/** A store whose writes end when the test says so. */
class HeldStore implements JournalStore<number[], Append, Promise<void>, string> {
  readonly writes: { also: string | undefined; resolve: () => void; reject: (error: unknown) => void }[] = [];
  refusal: Error | undefined;

  open(): number[] {
    return [];
  }

  write({ apply, also }: Recorded<Append, string>): Promise<void> {
    if (this.refusal) throw this.refusal;
    apply();
    return new Promise((resolve, reject) => this.writes.push({ also, resolve, reject }));
  }

  async fresh(): Promise<void> {}
}

const failures: unknown[] = [];
const onFailure = (error: unknown): void => void failures.push(error);
afterEach(() => {
  failures.length = 0;
});
const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  const pending = Symbol('pending');
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
};

describe('a journal in memory', () => {
  it('begins with its first event, and has no state before', () => {
    const journal = new Journal(role, new MemoryStore<number[], Append>(), onFailure);
    expect(journal.hasBegun).toBe(false);
    expect(() => journal.commit(() => ({ events: [], reply: 1 }))).toThrow(
      expect.objectContaining({ code: 'unavailable' }),
    );
    journal.append(append(1));
    expect(journal.commit((state) => ({ events: append(2), reply: state.length }))).toBe(1);
    expect(journal.state).toEqual([1, 2]);
    expect(failures).toEqual([]);
  });

  it('changes nothing when a decision throws, and tells its owner when an event cannot be applied', () => {
    const journal = new Journal(role, new MemoryStore<number[], Append>([1]), onFailure);
    const refuse = (): never => {
      throw new SecaggError('policy', 'no');
    };
    expect(() => journal.commit(refuse)).toThrow('no');
    expect([journal.state, failures]).toEqual([[1], []]);
    expect(() => journal.append(append(2, -1))).toThrow('not an event');
    expect(failures).toHaveLength(1);
  });
});

describe('a journal whose store writes later', () => {
  it('applies a step at once, tells listeners in order, and replies when it is durable', async () => {
    const store = new HeldStore();
    const journal = new Journal(role, store, onFailure);
    const heard: string[] = [];
    journal.onEvent(({ value }, elsewhere) => heard.push(`${value} of ${journal.state.length} ${elsewhere}`));
    const reply = journal.commit(() => ({ events: append(1, 2), reply: 'done' }), 'with it');
    expect(journal.state).toEqual([1, 2]);
    expect(heard).toEqual(['1 of 2 false', '2 of 2 false']);
    expect(await isSettled(reply)).toBe(false);
    // A step without events may tell of what is not durable yet.
    const nothing = journal.commit((state) => ({ events: [], reply: state.length }));
    expect(await isSettled(nothing)).toBe(false);
    expect(store.writes.map(({ also }) => also)).toEqual(['with it']);
    store.writes[0].resolve();
    expect(await Promise.all([reply, nothing])).toEqual(['done', 2]);
    expect(await isSettled(journal.durable())).toBe(true);
  });

  it('tells its owner of a write that fails, and gives no reply', async () => {
    const store = new HeldStore();
    const journal = new Journal(role, store, onFailure);
    const reply = journal.commit(() => ({ events: append(1), reply: 'done' }));
    store.writes[0].reject(new Error('the disk is full'));
    await expect(reply).rejects.toThrow('the disk is full');
    await expect(journal.durable()).rejects.toThrow('the disk is full');
    expect(failures).toEqual([new Error('the disk is full')]);
  });

  it('goes on after a refusal of the store that comes before anything has changed', () => {
    const store = new HeldStore();
    const journal = new Journal(role, store, onFailure);
    store.refusal = new SecaggError('unavailable', 'not now');
    expect(() => journal.append(append(1))).toThrow('not now');
    expect([journal.state, failures]).toEqual([[], []]);
    store.refusal = new Error('the file is gone');
    expect(() => journal.append(append(1))).toThrow('the file is gone');
    expect(failures).toHaveLength(1);
  });
});
