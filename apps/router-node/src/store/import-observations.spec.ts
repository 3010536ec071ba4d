/** Data directories of earlier releases, in which `router.db` held the observations. */
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { atRest } from '@secagg/crypto';
import { useTestFolder } from '../../test/support/test-folder';
import { Database } from '@secagg/journal/sqlite';
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
