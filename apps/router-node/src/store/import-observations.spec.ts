/** Data directories of earlier releases, in which `router.db` held the observations. */
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { atRest } from '@secagg/crypto';
import { useTestFolder } from '../../test/support/test-folder';
import { Database } from '@secagg/journal/sqlite';
import { observationMigrations } from './observation-migrations';
import { type ObservationTables, openObservationTables } from './observation-tables';
import { openRouterStore } from './router-store';
import { openRowSeal, type RowSeal, type RowSealOptions } from './row-seal';
import { routerMigrations } from './router-migrations';

const folder = useTestFolder();
const path = () => join(folder(), 'router.db');
const random = (length: number): Uint8Array => new Uint8Array(length).fill(5);
const sealing = async (): Promise<RowSealOptions> => ({
  storeKey: await atRest(random(32), random),
  router: 'r',
  random,
});

/**
 * 2,500 rows, the first two of them in a round, one batch under a key, and a signal; as the release before wrote them.
 */
function writeOld(options?: RowSealOptions): void {
  const old = Database.open(
    path(),
    routerMigrations.filter(({ number }) => number <= 6),
    { readable: true },
  );
  // The seal of now knows tables that there were not.
  const later = ['waiting_score', 'own_requests', 'own_part'];
  for (const table of later) old.run(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, body TEXT)`);
  const seal: RowSeal = openRowSeal(old, options);
  for (const table of later) old.run(`DROP TABLE ${table}`);
  old.transaction(() => {
    for (let id = 1; id <= 2500; id++) {
      const body = JSON.stringify({ model: 'm', task: 't', success: true, latency_s: id });
      old.run(
        'INSERT INTO observation (id, key, body, received_at_ms, taken_by, requester) VALUES (?, ?, ?, ?, ?, ?)',
        id,
        'm:t',
        seal.seal(body, 'observation', id),
        id,
        id <= 2 ? 'c/1' : null,
        'ann',
      );
    }
    old.run('DELETE FROM observation WHERE id = 2500');
    old.run("INSERT INTO accepted_batch VALUES ('k', ?, 3, 1)", random(32));
    old.run(
      'INSERT INTO local_signal (id, body, taken_by) VALUES (1, ?, ?)',
      seal.seal('{"a":1}', 'local_signal', 1),
      'c/0',
    );
  });
  old.close();
}

const openRouter = () => openRouterStore(folder(), new Uint8Array(32), fail).close();
const fail = (error: unknown): void => {
  throw error;
};
const openNew = (options?: RowSealOptions): ObservationTables =>
  openObservationTables({
    dataDir: folder(),
    hash: (requester) => requester,
    requestsPerRequester: 10,
    ...(options ? { sealing: options } : {}),
  });

function expectAll(tables: ObservationTables): void {
  expect(tables.observations.counts()).toEqual({ waiting: 2497, taken: 2 });
  expect(tables.claims.all()).toEqual([
    { roundKey: 'c/0', observations: 0 },
    { roundKey: 'c/1', observations: 2 },
  ]);
  // Ordered by the limit of a requester that this node has.
  const ready = [...tables.observations.ready(['m:t'])];
  expect(ready.map(({ id }) => id)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect([...tables.observations.read([3, 12])].map(({ latency_s }) => latency_s)).toEqual([3, 12]);
  tables.observations.add([{ key: 'm:t', body: '{}', requester: null }], 1);
  // For priors, what waits counts from when it came; what a round of before has is left out, for it is in its sums.
  const [bucket, ...others] = tables.own.bucketsOf('m:t');
  expect(others).toEqual([]);
  expect(bucket).toMatchObject({
    timeMs: 1_800_000,
    statistics: { count: 2497, successes: 2497, latency: { count: 2497, sum: 3_123_747 } },
  });
  // No id is used twice, not even that of a row which is gone.
  expect([...tables.observations.ready(['m:t'])].at(-1)?.id).toBe(2501);
}

describe('observations that lie in router.db', () => {
  it.each([
    ['in the clear', undefined],
    ['sealed', sealing()],
  ])('%s come into a file of their own, once, and are nowhere else', async (_, options) => {
    writeOld(await options);
    copyFileSync(path(), join(folder(), 'before'));
    openRouter();
    const tables = openNew(await options);
    expectAll(tables);
    tables.close();
    expect(readFileSync(path()).includes('latency_s')).toBe(false);

    // As if the old ones had not been removed before the machine died.
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path()}${suffix}`, { force: true });
    copyFileSync(join(folder(), 'before'), path());
    openRouter();
    const again = openNew(await options);
    expect(again.observations.counts()).toEqual({ waiting: 2498, taken: 2 });
    again.close();
  });

  it('are sealed on the way, where there is a store key now', async () => {
    writeOld();
    openRouter();
    const tables = openNew(await sealing());
    expectAll(tables);
    tables.close();
    expect(readFileSync(join(folder(), 'observations.db')).includes('latency_s')).toBe(false);
  });
});

describe('observations of releases that did not add up own requests', () => {
  const HOUR_MS = 3_600_000;
  const writeEarlier = (options?: RowSealOptions): void => {
    const old = Database.open(
      join(folder(), 'observations.db'),
      observationMigrations.filter(({ number }) => number <= 3),
      { readable: true },
    );
    const later = ['own_requests', 'own_part'];
    for (const table of later) old.run(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, body TEXT)`);
    const seal = openRowSeal(old, options);
    for (const table of later) old.run(`DROP TABLE ${table}`);
    // Not in the order of their ids, over two keys and three hours, more than are read at once.
    old.transaction(() => {
      for (let id = 1; id <= 2500; id++) {
        const task = id % 2 === 0 ? 'even' : 'odd';
        old.run(
          'INSERT INTO observation (id, key, body, received_at_ms, taken_by) VALUES (?, ?, ?, ?, ?)',
          id,
          `m:${task}`,
          seal.seal(JSON.stringify({ model: 'm', task, success: id % 3 === 0, latency_s: 2 }), 'observation', id),
          (3 - Math.ceil(id / 1000)) * HOUR_MS + 7,
          id > 2490 ? 'c/1' : null,
        );
      }
    });
    old.close();
  };

  it.each([
    ['in the clear', undefined],
    ['sealed', sealing()],
  ])('%s are added up at the first start, and once', async (_, options) => {
    writeEarlier(await options);
    const bucketsOf = (tables: ObservationTables) =>
      ['m:odd', 'm:even'].map((key) =>
        tables.own.bucketsOf(key).map(({ timeMs, statistics: { count, successes } }) => [timeMs, count, successes]),
      );
    const expected = [
      [
        [0.5 * HOUR_MS, 245, 82],
        [1.5 * HOUR_MS, 500, 166],
        [2.5 * HOUR_MS, 500, 167],
      ],
      [
        [0.5 * HOUR_MS, 245, 82],
        [1.5 * HOUR_MS, 500, 167],
        [2.5 * HOUR_MS, 500, 166],
      ],
    ];
    for (let start = 1; start <= 2; start++) {
      const tables = openNew(await options);
      expect(bucketsOf(tables)).toEqual(expected);
      tables.close();
    }
  });
});
