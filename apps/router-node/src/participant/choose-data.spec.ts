import {
  accumulate,
  defaultFields,
  encodeSignal,
  type FederatedRewardSignal,
  type RewardObservation,
  type RoundConfig,
  type RoundLayout,
} from '@secagg/schema';
import fc from 'fast-check';
import Libsql from 'libsql';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { useTestFolder } from '../../test/support/test-folder';
import { type HeldObservation } from '../store/observations';
import { type ObservationTables, openObservationTables } from '../store/observation-tables';
import { chooseData as chooseDataUnder, type TakingRules } from './choose-data';

const unlimited: TakingRules = {
  requestsPerRequester: Number.MAX_SAFE_INTEGER,
  maxRequests: 4,
  mostCarriedUnits: 0,
  hashKey: new Uint8Array(16),
  nowMs: 0,
};
const chooseData = (from: ObservationTables, round: Parameters<typeof chooseDataUnder>[1], rules = unlimited) =>
  chooseDataUnder(from, round, rules);

const folder = useTestFolder();
let store: ObservationTables;
let requestsPerRequester: number | undefined;
const open = (): void => {
  store = openObservationTables({
    dataDir: folder(),
    hash: (requester) => `hash of ${requester}`,
    ...(requestsPerRequester === undefined ? {} : { requestsPerRequester }),
  });
};
/** A node that is started again, with this limit. */
const restart = (limit?: number): void => {
  store.close();
  requestsPerRequester = limit;
  open();
};
beforeEach(() => {
  requestsPerRequester = undefined;
  open();
});
afterEach(() => store.close());

const layout: RoundLayout = {
  keys: ['a:x', 'b:y'],
  fields: defaultFields({ cost: true }),
  max_requests_per_router: 4,
  max_participants: 10,
  word_bits: 48,
};
const roundOf = (unit: 'router' | 'request', clipNorm = 2 ** 40) => ({
  config: { layout, privacy: { unit, clip_norm: clipNorm } } as RoundConfig,
});
const row = (model: string, task: string, latency: number): RewardObservation => ({
  model,
  task,
  success: latency > 2,
  latency_s: latency,
  cost_usd: 0.01,
  tokens: 100,
});
const rows = [
  row('a', 'x', 1),
  row('z', 'z', 9),
  row('b', 'y', 2),
  row('a', 'x', 3),
  row('b', 'y', 4),
  row('a', 'x', 5),
];
const put = (observations: readonly RewardObservation[]) =>
  store.transaction(() =>
    store.observations.add(
      observations.map((one) => store.observations.rowOf(one)),
      1,
    ),
  );
/** What waits, in the order it came, whether or not a round could take it. */
const waitingRows = (): [id: number, body: string][] => {
  store.close();
  const database = new Libsql(join(folder(), 'observations.db'));
  const rows = database.prepare('SELECT id, body FROM observation WHERE taken_by IS NULL ORDER BY id').raw().all([]);
  database.close();
  open();
  return rows as unknown as [number, string][];
};
const waiting = (): HeldObservation[] => waitingRows().map(([, body]) => JSON.parse(body) as HeldObservation);
const idsOf = (rows: readonly [number, string][]): number[] => rows.map(([id]) => id);
const publish = (roundKey: string): void => {
  while (!store.claims.releaseSome(roundKey, 'published'));
};
const giveBack = (roundKey: string): void => {
  while (!store.claims.releaseSome(roundKey, 'unused'));
};

describe('the data of a round', () => {
  it('is the oldest observations that the catalogue has, as many as a router may send; the others wait', () => {
    put(rows);
    const chosen = chooseData(store, roundOf('request'));
    const expected = [rows[0], rows[2], rows[3], rows[4]];
    expect(chosen.observations).toBe(4);
    expect([...chosen.vector]).toEqual([...accumulate(layout, expected).vector]);
    chosen.take('c/1');
    expect(store.observations.counts()).toEqual({ waiting: 2, taken: 4 });
    expect([...chooseData(store, roundOf('request')).vector]).toEqual([...accumulate(layout, [rows[5]]).vector]);
  });

  it('comes back in its old order', () => {
    put(rows);
    chooseData(store, roundOf('request')).take('c/1');
    giveBack('c/1');
    expect(waiting()).toEqual(rows);
  });

  it('is read in pages without loss, across keys in the order it came', () => {
    const many = Array.from({ length: 2500 }, (_, i) =>
      row(i % 3 === 0 ? 'a' : 'b', i % 3 === 0 ? 'x' : 'y', i / 1000),
    );
    put(many);
    expect([...store.observations.ready(layout.keys, 0)].map(({ id }) => id)).toEqual(many.map((_, i) => i + 1));
    const chosen = chooseData(store, roundOf('request'), { ...unlimited, maxRequests: 2400 });
    expect([...chosen.vector]).toEqual([
      ...accumulate({ ...layout, max_requests_per_router: 2400 }, many.slice(0, 2400)).vector,
    ]);
  });

  it('is at most so many requests of one requester, the oldest ones; the others wait for the next round', () => {
    const by = (requester: string | undefined, latency: number): RewardObservation => ({
      ...row('a', 'x', latency),
      ...(requester === undefined ? {} : { requester }),
    });
    restart(2);
    // Three of Ann, one of Bob, two of nobody known: with two a requester and four a round, Ann's third and the last
    // one wait.
    put([by('ann', 1), by('ann', 2), by('ann', 3), by('bob', 4), by(undefined, 5), by(undefined, 6)]);
    const rules = { ...unlimited, requestsPerRequester: 2 };
    const latencies = (taken: () => void) => {
      taken();
      return waiting().map(({ latency_s }) => latency_s);
    };
    const first = chooseData(store, roundOf('request'), rules);
    expect([...first.vector]).toEqual([
      ...accumulate(
        layout,
        [1, 2, 4, 5].map((latency) => row('a', 'x', latency)),
      ).vector,
    ]);
    expect(latencies(() => first.take('c/1'))).toEqual([3, 6]);
    const second = chooseData(store, roundOf('request'), rules);
    expect(latencies(() => second.take('c/2'))).toEqual([]);
    expect(second.observations).toBe(2);
  });

  it('has the same requests taken when the values of one become zero', () => {
    const by = (latency: number): RewardObservation => ({ ...row('a', 'x', latency), requester: 'ann' });
    restart(2);
    put([by(1), by(2), by(3)]);
    const rules = { ...unlimited, requestsPerRequester: 2 };
    const before = chooseData(store, roundOf('request'), rules);
    before.take('c/1');
    publish('c/1');
    put([{ model: 'a', task: 'x', success: false, latency_s: 0, requester: 'ann' }, by(2), by(3)]);
    // What waited (3) is first in the queue now; the zeroed request takes the second slot, and neither 2 nor 3 moves
    // up.
    const after = chooseData(store, roundOf('request'), rules);
    expect(after.observations).toBe(2);
    after.take('c/2');
    expect(waiting().map(({ latency_s }) => latency_s)).toEqual([2, 3]);
  });

  it('is zero without data', () => {
    expect(chooseData(store, roundOf('request')).vector.every((value) => value === 0)).toBe(true);
  });

  it('has every single request within the bound, with unit request', () => {
    put([row('a', 'x', 60), row('a', 'x', 60)]);
    const bound = 100;
    const { vector } = chooseData(store, roundOf('request', bound));
    expect(Math.hypot(...vector)).toBeLessThanOrEqual(2 * bound);
    expect(Math.hypot(...vector)).toBeGreaterThan(bound);
  });

  it('is a waiting local signal by itself, with unit router, and observations after it', () => {
    const signal = {
      schema_version: 1,
      aggregation_round: 1,
      cluster_hash: 'abcdef0123456789',
      participant_count: 1,
      timestamp: '2026-01-01T00:00:00Z',
      reward_signals: { 'a:x': { success_rate: 0.5, avg_latency: 2, total_samples: 4 } },
    } satisfies FederatedRewardSignal;
    put(rows);
    store.localSignal.put({ ...signal, reward_signals: {} });
    store.localSignal.put(signal);
    expect(chooseData(store, roundOf('request')).observations).toBe(4);
    const chosen = chooseData(store, roundOf('router'));
    expect([...chosen.vector]).toEqual([...encodeSignal(layout, signal).vector]);
    chosen.take('c/1');
    expect(chooseData(store, roundOf('router')).observations).toBe(4);
    giveBack('c/1');
    expect(store.localSignal.waiting()).toEqual(signal);
  });

  it('does not give an older local signal back over a newer one', () => {
    const signal = (round: number): FederatedRewardSignal => ({
      schema_version: 1,
      aggregation_round: round,
      cluster_hash: 'abcdef0123456789',
      participant_count: 1,
      timestamp: '2026-01-01T00:00:00Z',
      reward_signals: {},
    });
    store.localSignal.put(signal(1));
    store.localSignal.take('c/1');
    store.localSignal.put(signal(2));
    store.localSignal.giveBack('c/1');
    expect(store.localSignal.waiting()?.aggregation_round).toBe(2);
    store.localSignal.take('c/2');
    expect(store.localSignal.waiting()).toBeUndefined();
  });
});

describe('what a round takes', () => {
  /** The rule itself, on everything that waits. */
  const expected = (held: readonly Held[], keys: readonly string[], limit: number, maxRequests: number): number[] => {
    const ofRequester = new Map<string, number>();
    const ids: number[] = [];
    for (const { id, key, requester } of held) {
      if (!keys.includes(key) || ids.length === maxRequests) continue;
      if (requester !== undefined) {
        const before = ofRequester.get(requester) ?? 0;
        if (before >= limit) continue;
        ofRequester.set(requester, before + 1);
      }
      ids.push(id);
    }
    return ids;
  };
  type Held = { id: number; key: string; requester: string | undefined };

  const observation = fc.record({
    key: fc.constantFrom('a:x', 'b:y', 'z:z'),
    requester: fc.option(fc.constantFrom('ann', 'bob'), { nil: undefined }),
  });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('put' as const), rows: fc.array(observation, { minLength: 1, maxLength: 12 }) }),
    fc.record({ kind: fc.constant('round' as const), keys: fc.subarray(['a:x', 'b:y', 'z:z'], { minLength: 1 }) }),
    fc.record({ kind: fc.constantFrom('publish' as const, 'give back' as const), which: fc.nat() }),
    fc.record({ kind: fc.constant('restart' as const), limit: fc.integer({ min: 1, max: 3 }) }),
  );

  it('follows its rule over any number of rounds, whatever else waits and whatever became of rounds before', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 25 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 6 }),
        (steps, first, maxRequests) => {
          store.close();
          rmSync(join(folder(), 'observations.db'), { force: true });
          requestsPerRequester = first;
          open();
          let held: Held[] = [];
          const taken = new Map<string, Held[]>();
          let ids = 0;
          let rounds = 0;
          for (const one of steps) {
            if (one.kind === 'put') {
              put(
                one.rows.map(({ key, requester }) => ({
                  ...row(key[0], key[2], 1),
                  ...(requester === undefined ? {} : { requester }),
                })),
              );
              held.push(...one.rows.map((each) => ({ ...each, id: (ids += 1) })));
            } else if (one.kind === 'restart') restart(one.limit);
            else if (one.kind === 'round') {
              const limit = requestsPerRequester;
              const config = { ...roundOf('request').config, layout: { ...layout, keys: [...one.keys].sort() } };
              const should = expected(held, one.keys, limit, maxRequests);
              const key = `c/${(rounds += 1)}`;
              const chosen = chooseData(store, { config }, { ...unlimited, requestsPerRequester: limit, maxRequests });
              expect(chosen.observations).toBe(should.length);
              chosen.take(key);
              taken.set(
                key,
                held.filter(({ id }) => should.includes(id)),
              );
              held = held.filter(({ id }) => !should.includes(id));
            } else {
              const [key, rows] = [...taken][one.which % Math.max(1, taken.size)] ?? [];
              if (key === undefined) continue;
              if (one.kind === 'publish') publish(key);
              else {
                giveBack(key);
                held = [...held, ...rows].sort((a, b) => a.id - b.id);
              }
              taken.delete(key);
            }
            expect(store.observations.counts()).toEqual({
              waiting: held.length,
              taken: [...taken.values()].flat().length,
            });
          }
          expect(idsOf(waitingRows())).toEqual(held.map(({ id }) => id));
        },
      ),
      { numRuns: 30 },
    );
  });
});
