/**
 * Observations that come back from rounds which may have published them: they carry the charge, and a filter of their
 * own.
 */
import { mkdirSync } from 'node:fs';
import { mostCarriedUnits, type Budget } from '@secagg/dp-noise';
import { defaultFields, type RewardObservation, type RoundConfig } from '@secagg/schema';
import { useTestFolder } from '../../test/support/test-folder';
import { chooseData, type TakingRules } from '../participant/choose-data';
import { type Release } from './claims';
import { DataReleaseTable } from './data-releases';
import { Database } from '@secagg/journal/sqlite';
import { observationMigrations } from './observation-migrations';
import { type ObservationTables, openObservationTables } from './observation-tables';
import { OBSERVATIONS_FILE } from './observations-file';
import { routerMigrations } from './router-migrations';

const folder = useTestFolder();
let store: ObservationTables;
const open = (requestsPerRequester?: number): void => {
  store = openObservationTables({
    dataDir: folder(),
    hash: (requester) => `hash of ${requester}`,
    ...(requestsPerRequester === undefined ? {} : { requestsPerRequester }),
  });
};
beforeEach(() => open());
afterEach(() => store.close());

const config = {
  layout: {
    keys: ['a:x', 'b:y'],
    fields: defaultFields(),
    max_requests_per_router: 10,
    max_participants: 10,
    word_bits: 48,
  },
  privacy: { unit: 'request', clip_norm: 2 ** 40 },
} as RoundConfig;

const put = (count: number, of: Partial<RewardObservation> = {}): void => {
  const row: RewardObservation = { model: 'a', task: 'x', success: true, latency_s: 1, ...of };
  store.transaction(() =>
    store.observations.add(
      Array.from({ length: count }, () => store.observations.rowOf(row)),
      1,
    ),
  );
};

/** A round that takes what it may, and how it ends. */
function round(number: number, mostCarried: number, release?: Release, maxRequests = 10, perRequester = Infinity) {
  const rules: TakingRules = {
    requestsPerRequester: Math.min(perRequester, Number.MAX_SAFE_INTEGER),
    maxRequests,
    mostCarriedUnits: mostCarried,
    hashKey: new Uint8Array(16),
    nowMs: 0,
  };
  const { observations, carriedUnits, take } = chooseData(store, { config }, rules);
  store.transaction(() => take(`c/${number}`));
  if (release !== undefined) while (!store.claims.releaseSome(`c/${number}`, release));
  return { observations, carriedUnits };
}

const budget: Budget = { units: 100, window: { days: 30 } };

describe('an observation whose rounds end without an outcome', () => {
  it.each([
    ['as dear as the limit', 100, 1],
    ['of a fifth of it', 20, 5],
    ['of a third of it and a unit', 34, 2],
  ])('enters as many rounds %s as the limit has room for, of 50', (_, units, times) => {
    put(1);
    const entered = Array.from({ length: 50 }, (__, i) =>
      round(i + 1, mostCarriedUnits(budget, units), { chargedUnits: units }),
    );
    expect(entered.filter(({ observations }) => observations === 1)).toHaveLength(times);
    for (const { carriedUnits } of entered) expect(carriedUnits + units).toBeLessThanOrEqual(budget.units);
    expect(entered[times - 1]).toEqual({ observations: 1, carriedUnits: (times - 1) * units });
    // It waits, and a cheaper round still takes it.
    expect(store.observations.counts()).toEqual({ waiting: 1, taken: 0 });
    expect(round(51, mostCarriedUnits(budget, budget.units - times * units || 1)).observations).toBe(
      times * units < budget.units ? 1 : 0,
    );
  });

  it('enters every round without the filter', () => {
    put(1);
    for (let i = 1; i <= 50; i++)
      expect(round(i, Number.MAX_SAFE_INTEGER, { chargedUnits: 100 })).toEqual({
        observations: 1,
        carriedUnits: (i - 1) * 100,
      });
  });

  it('is charged nothing by rounds that were aborted or left it out', () => {
    put(3);
    for (let i = 1; i <= 10; i++) expect(round(i, 0, 'unused')).toEqual({ observations: 3, carriedUnits: 0 });
    round(11, 0, { chargedUnits: 40 });
    for (let i = 12; i <= 20; i++) expect(round(i, 60, 'unused')).toEqual({ observations: 3, carriedUnits: 40 });
  });

  it('goes first, and keeps back nothing that a round may take', () => {
    put(4);
    round(1, 0, { chargedUnits: 40 }, 2);
    expect(round(2, 0, 'published')).toEqual({ observations: 2, carriedUnits: 0 });
    put(3, { model: 'b', task: 'y' });
    expect(round(3, 60, 'published', 3)).toEqual({ observations: 3, carriedUnits: 40 });
    expect(store.observations.counts()).toEqual({ waiting: 2, taken: 0 });
  });

  it('has its place in no queue of its requester, whose later requests are taken as if it were not there', () => {
    store.close();
    open(2);
    put(5, { requester: 'r' });
    expect(round(1, 0, { chargedUnits: 100 }, 10, 2).observations).toBe(2);
    // Too dear for these two; the next two have moved up.
    expect(round(2, 0, 'published', 10, 2).observations).toBe(2);
    expect(round(3, 0, 'unused', 10, 2).observations).toBe(1);
    // One limit for both kinds together.
    expect(round(4, 100, undefined, 10, 2)).toEqual({ observations: 2, carriedUnits: 100 });
    while (!store.claims.releaseSome('c/4', 'unused'));
    // The queues are made anew under another limit, and are the same without what was charged for.
    store.close();
    open(1);
    expect(round(5, 0, 'unused', 10, 1)).toEqual({ observations: 1, carriedUnits: 0 });
    expect(store.observations.dropSomeOlder(2)).toBe(true);
    expect(store.observations.counts()).toEqual({ waiting: 0, taken: 0 });
    put(2, { requester: 'r' });
    expect(round(6, 0, 'unused', 10, 1).observations).toBe(1);
  });

  it('is read in pages, by what was charged for it', () => {
    put(2500);
    round(1, 0, { chargedUnits: 10 }, 1200);
    round(2, 0, { chargedUnits: 30 }, 1300);
    const ready = [...store.observations.ready(['a:x'], 30)];
    expect(ready.map(({ chargedUnits }) => chargedUnits)).toEqual(
      Array.from({ length: 2500 }, (_, i) => (i < 1200 ? 10 : 30)),
    );
    expect(new Set(ready.map(({ id }) => id)).size).toBe(2500);
    expect([...store.observations.ready(['a:x'], 29)]).toHaveLength(1200);
    expect([...store.observations.ready(['b:y'], 30)]).toEqual([]);
  });
});

it('a file from before observations carried charges opens, with all that it held', () => {
  store.close();
  const path = `${folder()}/earlier`;
  mkdirSync(path);
  const earlier = Database.open(
    `${path}/${OBSERVATIONS_FILE}`,
    observationMigrations.filter(({ number }) => number < 3),
  );
  earlier.run('UPDATE state SET requests_per_requester = 2');
  earlier.run("INSERT INTO requester_queue VALUES ('a:x', 'r', 2)");
  for (const [id, requester, takenBy, ready] of [
    [1, null, 'c/1', 1],
    [2, 'r', null, 1],
    [3, 'r', null, 1],
    [4, 'r', null, 0],
  ] as const)
    earlier.run(
      "INSERT INTO observation (id, key, body, requester, received_at_ms, taken_by, ready) VALUES (?, 'a:x', '{}', ?, 1, ?, ?)",
      id,
      requester,
      takenBy,
      ready,
    );
  earlier.run("INSERT INTO claim VALUES ('c/1', 1)");
  earlier.close();
  store = openObservationTables({ dataDir: path, hash: (requester) => requester, requestsPerRequester: 2 });
  expect(store.observations.counts()).toEqual({ waiting: 3, taken: 1 });
  const ready = (mostCharged: number) =>
    [...store.observations.ready(['a:x'], mostCharged)].map(({ id, chargedUnits }) => [id, chargedUnits]);
  expect(ready(0)).toEqual([
    [2, 0],
    [3, 0],
  ]);
  expect(store.claims.releaseSome('c/1', { chargedUnits: 5 })).toBe(true);
  expect(ready(5)).toEqual([
    [1, 5],
    [2, 0],
    [3, 0],
  ]);
});

it('how a round ended is kept for the observation store until it has done what follows', () => {
  const path = `${folder()}/router.db`;
  const earlier = Database.open(
    path,
    routerMigrations.filter(({ number }) => number < 10),
  );
  earlier.run("INSERT INTO data_release VALUES ('c/1', 'published')");
  earlier.close();
  const database = Database.open(path, routerMigrations);
  const table = new DataReleaseTable(database);
  const releases = [
    { roundKey: 'c/1', release: 'published' as const },
    { roundKey: 'c/2', release: 'unused' as const },
    { roundKey: 'c/3', release: { chargedUnits: 2 ** 52 } },
  ];
  for (const { roundKey, release } of releases.slice(1)) table.put(roundKey, release);
  expect(table.all()).toEqual(releases);
  table.remove('c/3');
  expect(table.all()).toEqual(releases.slice(0, 2));
  database.close();
});
