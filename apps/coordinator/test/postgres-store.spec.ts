import { randomBytes } from 'node:crypto';
import { type ClusterRecord } from '@secagg/protocol';
import { type Bytes, type PartyId } from '@secagg/schema';
import { TestPostgres } from '@secagg/testbed/postgres';
import { type Kysely } from 'kysely';
import { migrate, postgresTypes } from '../src/store/migrate';
import { migrations } from '../src/store/migrations';
import { kyselyOn, openPool } from '../src/store/postgres/connect';
import { JournalLog, type NewRow } from '../src/store/postgres/journal-log';
import { PostgresStore, type Task } from '../src/store/postgres/postgres-store';
import { type TaskChange } from '../src/store/postgres/task-changes';
import { type CountRound } from '../src/store/store';
import { type Tables } from '../src/store/tables';

jest.setTimeout(60_000);

const server = TestPostgres.start();
if (!server) console.error('PostgreSQL is not installed: the store is NOT tested on it');
const bytes = (length: number): Bytes => new Uint8Array(randomBytes(length));
const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};
const LEASE_MS = 60_000;

(server ? describe : describe.skip)('PostgreSQL store', () => {
  let log: JournalLog;
  let db: Kysely<Tables>;
  let stores: PostgresStore[];
  let end: () => Promise<unknown>;
  const trouble: unknown[] = [];

  beforeEach(async () => {
    const url = (server as TestPostgres).createDatabase();
    const pools = [0, 1, 2].map(() => openPool(url, 4));
    await migrate(kyselyOn(pools[0]) as never, postgresTypes, migrations);
    log = new JournalLog(pools[0]);
    db = kyselyOn(pools[0]);
    stores = [1, 2].map(
      (i) => new PostgresStore(kyselyOn(pools[i]), `replica-${i}`, (error) => trouble.push(error), 1000),
    );
    end = () => Promise.all([pools[0].end(), ...stores.map((store) => store.close())]);
  });
  afterEach(() => end());
  afterAll(() => server?.stop());

  const append = (rows: readonly NewRow[], changes: readonly TaskChange[] = []) =>
    log.turn(0, async (turn) => {
      if (rows.length > 0) await turn.append(rows);
      await turn.changeTasks(changes);
    });
  const entry = (id: number): NewRow => ({ id, type: 'round-closed', roundKey: 'a/1', body: bytes(3) });
  const contribution = (id: number, router: string, roundKey = 'a/1') => ({
    journal_id: id,
    round_key: roundKey,
    router: router as PartyId,
    bytes: bytes(100),
  });
  const contribute = async (rows: readonly ReturnType<typeof contribution>[]) => {
    await db.insertInto('contributions').values(rows).execute();
  };
  const claimAll = async (store: PostgresStore): Promise<Task[]> => {
    const tasks: Task[] = [];
    for (let task = await store.claimTask(LEASE_MS); task; task = await store.claimTask(LEASE_MS)) tasks.push(task);
    return tasks;
  };
  const names = (tasks: readonly Task[]) => tasks.map(({ kind, roundKey, part }) => `${kind} ${roundKey} ${part}`);

  it('reads contributions of one round byte for byte: all in the order of their ids as bytes, or those of some routers', async () => {
    // In the order of letters `r-B` would come after `r-a`.
    const routers = ['r-a', 'r-B', ...Array.from({ length: 40 }, (_, i) => `r${i + 10}`)];
    const rows = routers.map((router, i) => contribution(i + 1, router));
    await contribute([...rows, contribution(100, 'r-a', 'b/1')]);
    const stored = rows.map(({ router, bytes: of }) => ({ router, bytes: of }));
    expect(await all(stores[0].contributions('a/1'))).toEqual(
      [...stored].sort((a, b) => (a.router < b.router ? -1 : 1)),
    );
    expect(await all(stores[0].contributions('a/1', ['r-B', 'absent', 'r-a'] as PartyId[]))).toEqual([
      stored[1],
      stored[0],
    ]);
    expect(await all(stores[0].contributions('a/1', []))).toEqual([]);
  });

  it('replaces sessions that cannot write any more, as a failover leaves them', async () => {
    const postgres = server as TestPostgres;
    const url = postgres.createDatabase();
    const [rounds, journal] = [openPool(url, 4), openPool(url, 2)];
    const witness = await rounds.connect();
    const isReadOnly = async () =>
      (await witness.query<{ transaction_read_only: string }>('SHOW transaction_read_only')).rows[0]
        .transaction_read_only === 'on';
    try {
      await migrate(kyselyOn(journal) as never, postgresTypes, migrations);
      const [store, entries] = [
        new PostgresStore(kyselyOn(rounds), 'replica-1', () => undefined),
        new JournalLog(journal),
      ];
      const fill = () => Promise.allSettled([store.check(), store.check(), store.check()]);
      const append = (id: number) => entries.turn(0, (turn) => turn.append([entry(id)]));
      await fill();
      await append(1);
      postgres.failOver(url);
      while (!(await isReadOnly()));
      // Every session may fail once, and none twice.
      await fill();
      await Promise.allSettled([append(2), append(3)]);
      await store.check();
      await append(4);
    } finally {
      witness.release();
      postgres.endFailover(url);
      await Promise.all([rounds.end(), journal.end()]);
    }
  });

  it('refuses a second entry with an id', async () => {
    await append([entry(1)]);
    await expect(append([entry(1)])).rejects.toThrow('journal_pkey');
    expect((await log.newer(0)).rows.map(({ id }) => id)).toEqual([1]);
  });

  it('keeps and replaces records, and finds the newest signal of a cluster', async () => {
    const [store] = stores;
    const record = { key: 'a/9', cluster: 'a', round: 9, contributions: 1, finishedAtMs: 1 };
    await store.finishRound({ ...record, phase: 'undecided' });
    expect(await store.finishedRound('a/9')).toEqual({ ...record, phase: 'undecided' });
    const decision = bytes(20);
    await store.finishRound({ ...record, phase: 'aborted', decision }, { transcript: bytes(1) });
    expect(await store.finishedRound('a/9')).toEqual({ ...record, phase: 'aborted', decision });
    const transcript = bytes(100_001);
    await store.finishRound(
      { ...record, key: 'a/10', round: 10, phase: 'published', finishedAtMs: 5 },
      { transcript, signal: 'ten' },
    );
    await store.finishRound(
      { ...record, key: 'a/8', round: 8, phase: 'published' },
      { transcript: bytes(1), signal: 'eight' },
    );
    expect(await store.latestSignal('a')).toBe('ten');
    expect(await store.latestSignal('b')).toBeUndefined();
    expect(await store.transcript('a/10')).toEqual(transcript);
    expect(await store.pruneTranscripts(5)).toBe(2);
    expect(await store.transcript('a/9')).toBeUndefined();
    expect(await store.latestSignal('a')).toBe('ten');
  });

  it('prefers a signal to one in which everything is withheld, and keeps it longest', async () => {
    const [store] = stores;
    const finish = (round: number, signal: string, isEmpty: boolean) =>
      store.finishRound(
        { key: `a/${round}`, cluster: 'a', round, phase: 'published', contributions: 1, finishedAtMs: round },
        { transcript: bytes(1), signal, isEmpty },
      );
    await finish(1, 'nothing', true);
    await finish(2, 'nothing again', true);
    expect(await store.latestSignal('a')).toBe('nothing again');
    expect(await store.newestSignal('a')).toBe('nothing again');
    await finish(3, 'three', false);
    await finish(4, 'nothing once more', true);
    expect(await store.newestSignal('a')).toBe('nothing once more');
    expect(await store.latestSignal('a')).toBe('three');
    expect(await store.pruneRecords(9)).toBe(3);
    expect(await store.latestSignal('a')).toBe('three');
    await finish(5, 'five', false);
    expect(await store.latestSignal('a')).toBe('five');
  });

  it('removes records past their retention, but for the newest signal of each cluster', async () => {
    const [store] = stores;
    const finish = (cluster: string, round: number, signal?: string) =>
      store.finishRound(
        {
          key: `${cluster}/${round}`,
          cluster,
          round,
          phase: signal === undefined ? 'aborted' : 'published',
          contributions: 1,
          finishedAtMs: round,
        },
        signal === undefined ? undefined : { transcript: bytes(1), signal },
      );
    for (let round = 1; round <= 5; round++) await finish('a', round, round === 5 ? undefined : `a${round}`);
    await finish('b', 1);
    await finish('b', 9, 'b9');
    expect(await store.pruneRecords(6)).toBe(5);
    expect(await store.latestSignal('a')).toBe('a4');
    expect(await store.latestSignal('b')).toBe('b9');
    expect(await store.finishedRound('a/3')).toBeUndefined();
    expect(await store.finishedRound('a/4')).toMatchObject({ round: 4 });
    expect(await store.pruneRecords(6)).toBe(0);
  });

  it('counts every published round once, whichever replicas finish it, and however many of its cluster at a time', async () => {
    const record = {
      key: 'a/1',
      cluster: 'a',
      round: 1,
      contributions: 3,
      finishedAtMs: 1,
      phase: 'published',
    } as const;
    const router = { rounds: 1, flagged: 1, expected: 1 / 3 };
    const counted =
      (name: string): CountRound =>
      ({ rounds, latestRound, routers }) => ({
        rounds: rounds + 1,
        latestRound: latestRound + 1,
        routers: { ...routers, [name]: { ...router, rounds: rounds + 1 } },
      });
    const finish = (store: PostgresStore, round: number, count: CountRound) =>
      store.finishRound({ ...record, key: `a/${round}`, round }, { transcript: bytes(10) }, count);
    expect(await stores[0].clusterRecords()).toEqual(new Map());
    // Late votes: undecided first, and nothing to count until then.
    await stores[0].finishRound({ ...record, phase: 'undecided' });
    await Promise.all(
      [1, 2, 3, 4].flatMap((round) => stores.map((store) => finish(store, round, counted(`r${round}`)))),
    );
    await finish(stores[1], 2, counted('again'));
    const { rounds, latestRound, routers } = (await stores[1].clusterRecords('a')).get('a') as ClusterRecord;
    expect([rounds, latestRound]).toEqual([4, 4]);
    expect(Object.keys(routers).sort()).toEqual(['r1', 'r2', 'r3', 'r4']);
    expect(
      Object.values(routers)
        .map((entry) => entry.rounds)
        .sort(),
    ).toEqual([1, 2, 3, 4]);
    expect(Object.values(routers).every(({ expected }) => expected === 1 / 3)).toBe(true);

    // Those that go lose their row, those that stay the same keep it, and a name comes and goes.
    await finish(stores[0], 5, (before) => ({
      rounds: 5,
      latestRound: 5,
      routers: { r1: before.routers.r1, r2: { ...router, namedInRound: 5, quarantinedAfter: 5 } },
    }));
    expect((await stores[0].clusterRecords()).get('a')).toEqual({
      rounds: 5,
      latestRound: 5,
      routers: { r1: routers.r1, r2: { ...router, namedInRound: 5, quarantinedAfter: 5 } },
    });
    await finish(stores[1], 6, ({ routers: { r1 } }) => ({ rounds: 6, latestRound: 6, routers: { r1, r2: router } }));
    expect((await stores[0].clusterRecords('a')).get('a')?.routers).toEqual({ r1: routers.r1, r2: router });
    expect(await stores[0].clusterRecords('b')).toEqual(new Map());
  });

  it('shares the parts of a closed round out: each to one replica, none left, all contributions in one of them', async () => {
    await contribute(Array.from({ length: 150 }, (_, i) => contribution(2 * i + 1, `r${i}`)));
    await append([], [{ change: 'add-sums', roundKey: 'a/1' }]);
    const [first, second] = await Promise.all(stores.map(claimAll));
    expect(names([...first, ...second]).sort()).toEqual(['sum a/1 0', 'sum a/1 1', 'sum a/1 2']);
    const parts = await Promise.all([...first, ...second].map((task) => all(stores[0].contributionsOf(task))));
    expect(parts.map((part) => part.length).sort()).toEqual([22, 64, 64]);
    expect(new Set(parts.flat().map(({ router }) => router)).size).toBe(150);
  });

  it('publishes a round once all of its parts are added up, and keeps their sums', async () => {
    await contribute([contribution(1, 'r1'), contribution(2, 'r1', 'b/1')]);
    await append(
      [],
      [
        { change: 'add-sums', roundKey: 'a/1' },
        { change: 'add', kind: 'publish', roundKey: 'a/1' },
        { change: 'add', kind: 'publish', roundKey: 'b/1' },
      ],
    );
    const [one, two] = stores;
    expect(names(await claimAll(one))).toEqual(['publish b/1 0', 'sum a/1 0']);
    const words = bytes(60);
    await two.endSum({ kind: 'sum', roundKey: 'a/1', part: 0, firstId: 1, lastId: 1 }, [{ group: 2, words }]);
    await one.endSum({ kind: 'sum', roundKey: 'a/1', part: 0, firstId: 1, lastId: 1 }, [{ group: 2, words }]);
    expect(await one.partialSums('a/1')).toEqual([{ group: 2, words }]);
    expect(names(await claimAll(two))).toEqual(['publish a/1 0']);
  });

  it('gives a task to another replica when its lease is over, and not before', async () => {
    await append([], [{ change: 'add', kind: 'finish', roundKey: 'a/1' }]);
    const [dying, other] = stores;
    const task = (await dying.claimTask(2500)) as Task;
    expect(await other.claimTask(LEASE_MS)).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 2600));
    expect(await other.claimTask(LEASE_MS)).toEqual(task);
    // The one that was thought dead ends what is not its own any more: nothing happens.
    await dying.endTask(task);
    expect(await claimAll(dying)).toEqual([]);
    await other.endTask(task);
    await append([], [{ change: 'add', kind: 'finish', roundKey: 'a/2' }]);
    expect(names(await claimAll(dying))).toEqual(['finish a/2 0']);
  });

  it('does a task again that was asked for anew while it was under way', async () => {
    await append([], [{ change: 'add', kind: 'finish', roundKey: 'a/1' }]);
    const task = (await stores[0].claimTask(LEASE_MS)) as Task;
    await append([], [{ change: 'add', kind: 'finish', roundKey: 'a/1' }]);
    await stores[0].endTask(task);
    expect(await stores[1].claimTask(LEASE_MS)).toEqual(task);
    await append([], [{ change: 'remove', kinds: ['finish'], roundKey: 'a/1' }]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await stores[0].claimTask(LEASE_MS)).toBeUndefined();
  });

  it('removes contributions and partial sums of a round, and of no other', async () => {
    await contribute([contribution(1, 'r1'), contribution(2, 'r1', 'b/1')]);
    await stores[0].endSum({ kind: 'sum', roundKey: 'a/1', part: 0, firstId: 1, lastId: 1 }, [
      { group: 0, words: bytes(1) },
    ]);
    await stores[0].pruneRound('a/1');
    expect(await all(stores[0].contributions('a/1'))).toEqual([]);
    expect(await stores[0].partialSums('a/1')).toEqual([]);
    expect(await all(stores[0].contributions('b/1'))).toHaveLength(1);
  });

  it('knows which routers wait at others, as long as those others live', async () => {
    const [one, two] = stores;
    expect(await one.shareWaiting('a', ['r1', 'r2'], 2500)).toEqual([]);
    expect(await two.shareWaiting('a', ['r3'], 2500)).toEqual(['r1', 'r2']);
    expect(await two.shareWaiting('b', ['r4'], 2500)).toEqual([]);
    await one.shareWaiting('a', ['r2'], 2500);
    expect(await two.shareWaiting('a', ['r3'], 2500)).toEqual(['r2']);
    await new Promise((resolve) => setTimeout(resolve, 2600));
    expect(await two.shareWaiting('a', ['r3'], 2500)).toEqual([]);
  });

  it('says `unavailable` when the database cannot be asked, and why only to its owner', async () => {
    const lost = new PostgresStore(kyselyOn(openPool('postgres://nobody:a-secret@127.0.0.1:9/none', 1)), 'x', (error) =>
      trouble.push(error),
    );
    await expect(lost.check()).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the database cannot be used now',
    });
    expect(String(trouble.at(-1))).toMatch(/ECONNREFUSED/);
    expect(String(trouble.at(-1))).not.toMatch(/a-secret/);
    await lost.close();
  });
});
