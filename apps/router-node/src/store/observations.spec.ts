/**
 * What a round costs follows from what it takes, whatever else waits: counted in rows and read from query plans, not in
 * time.
 */
import { type Database as Driver } from 'libsql';
import Libsql from 'libsql';
import { join } from 'node:path';
import { useTestFolder } from '../../test/support/test-folder';
import { Database, type Row, type SqlValue } from '@secagg/journal/sqlite';
import { OBSERVATIONS_FILE } from './observations-file';
import { type ObservationTables, openObservationTables } from './observation-tables';
import { type ReadyObservation } from './observations';

const folder = useTestFolder();
let tables: ObservationTables | undefined;
afterEach(() => {
  jest.restoreAllMocks();
  tables?.close();
  tables = undefined;
});

const open = (requestsPerRequester?: number): ObservationTables => {
  tables = openObservationTables({
    dataDir: folder(),
    hash: (requester) => requester,
    ...(requestsPerRequester === undefined ? {} : { requestsPerRequester }),
  });
  return tables;
};

/** Opens the file while no node has it. */
function over<T>(act: (database: Driver) => T): T {
  const database = new Libsql(join(folder(), OBSERVATIONS_FILE));
  try {
    return act(database);
  } finally {
    database.close();
  }
}

/** So many rows of one key, put there directly: a node takes them no faster than it seals them. */
const fill = (rows: number, key: string, requester: string | null): void =>
  over((database) => {
    database
      .prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO observation (key, body, requester, received_at_ms) SELECT ?, '{}', ?, 1 FROM n`,
      )
      .run([rows, key, requester]);
  });

/** Counts the rows that come out of the database, and keeps the statements, while something is done. */
function watched<T>(act: () => T): { result: T; rows: number; statements: Map<string, SqlValue[]> } {
  const statements = new Map<string, SqlValue[]>();
  let rows = 0;
  const { all, run } = Database.prototype;
  const spies = [
    jest.spyOn(Database.prototype, 'all').mockImplementation(function (this: Database, sql, ...values): Row[] {
      statements.set(sql, values);
      const found = all.call(this, sql, ...values);
      rows += found.length;
      return found;
    }),
    jest.spyOn(Database.prototype, 'run').mockImplementation(function (this: Database, sql, ...values): number {
      statements.set(sql, values);
      const changed = run.call(this, sql, ...values);
      rows += changed;
      return changed;
    }),
  ];
  const result = act();
  for (const spy of spies) spy.mockRestore();
  return { result, rows, statements };
}

/** A round that takes the oldest `most` of the key `m:t`, and its end. */
function round(store: ObservationTables, most: number, key = 'c/1'): number {
  const taken: ReadyObservation[] = [];
  for (const row of store.observations.ready(['m:t', 'other:t'])) {
    taken.push(row);
    if (taken.length === most) break;
  }
  for (const _ of store.observations.read(taken.map(({ id }) => id)));
  store.transaction(() => {
    store.claims.put({ roundKey: key, observations: taken.length });
    store.observations.take(taken, key);
  });
  while (!store.claims.releaseSome(key, 'published'));
  return taken.length;
}

const add = (store: ObservationTables, count: number, requester?: string): number =>
  store.transaction(() =>
    store.observations.add(
      Array.from({ length: count }, () =>
        store.observations.rowOf({
          model: 'm',
          task: 't',
          success: true,
          latency_s: 1,
          ...(requester === undefined ? {} : { requester }),
        }),
      ),
      1,
    ),
  );

describe('what a round reads and changes', () => {
  it('does not grow with what waits of keys that it does not take', () => {
    const few = open();
    add(few, 200);
    const alone = watched(() => round(few, 100));
    few.close();
    fill(100_000, 'unlisted:t', null);
    const many = open();
    const beside = watched(() => round(many, 100, 'c/2'));
    expect([alone.result, beside.result]).toEqual([100, 100]);
    expect(beside.rows).toBeLessThanOrEqual(alone.rows);
    expect(many.observations.counts()).toEqual({ waiting: 100_000, taken: 0 });
  });

  it('does not grow with what waits behind what it takes', () => {
    open().close();
    fill(60_000, 'm:t', null);
    const store = open();
    const { result, rows } = watched(() => round(store, 500));
    expect(result).toBe(500);
    expect(rows).toBeLessThan(6 * 500);
  });

  it('passes a long queue of one requester by', () => {
    open().close();
    fill(60_000, 'm:t', 'ann');
    const store = open(10);
    add(store, 90);
    const first = watched(() => round(store, 1000));
    expect(first.result).toBe(100);
    expect(first.rows).toBeLessThan(1000);
    // The next ten have moved up.
    const second = watched(() => round(store, 1000, 'c/2'));
    expect(second.result).toBe(10);
    expect(second.rows).toBeLessThan(200);
  });

  it('scans no table of observations', () => {
    const store = open(2);
    add(store, 10, 'ann');
    add(store, 10);
    const { statements } = watched(() => {
      add(store, 3, 'bob');
      round(store, 8);
      round(store, 4, 'c/2');
      const taken = [...store.observations.ready(['m:t'])].slice(0, 3);
      store.claims.put({ roundKey: 'c/3', observations: 3 });
      store.observations.take(taken, 'c/3');
      while (!store.claims.releaseSome('c/3', 'unused'));
      store.observations.take(taken, 'c/4');
      while (!store.claims.releaseSome('c/4', { chargedUnits: 5 }));
      expect([...store.observations.ready(['m:t'], 5)].filter(({ chargedUnits }) => chargedUnits === 5)).toHaveLength(
        3,
      );
      store.observations.dropSomeOlder(2);
      store.observations.counts();
      store.observations.waitingUnder('catalogue');
    });
    store.close();
    tables = undefined;
    const plans = over((database) =>
      [...statements].flatMap(([sql, values]) =>
        (
          database.prepare(`EXPLAIN QUERY PLAN ${sql}`).raw().all(values) as unknown as [
            unknown,
            unknown,
            unknown,
            string,
          ][]
        ).map(([, , , detail]) => ({ sql, detail })),
      ),
    );
    expect(plans.some(({ detail }) => detail.includes('observation_ready'))).toBe(true);
    expect(plans.some(({ detail }) => detail.includes('observation_held_back'))).toBe(true);
    expect(plans.some(({ detail }) => detail.includes('observation_charged'))).toBe(true);
    expect(plans.some(({ detail }) => detail.includes('observation_by_age'))).toBe(true);
    expect(plans.some(({ detail }) => detail.includes('observation_by_round'))).toBe(true);
    // A row or two, however many observations there are; the keys of a round; those of the catalogue.
    const allowed = /^SCAN (observation_total|sqlite_sequence|local_signal|json_each|catalogue)/;
    expect(plans.filter(({ detail }) => detail.startsWith('SCAN') && !allowed.test(detail))).toEqual([]);
    expect(plans.filter(({ detail }) => detail.includes('TEMP B-TREE'))).toEqual([]);
  });
});
