import { generateIdentityKey } from '@secagg/crypto';
import {
  accumulate,
  defaultFields,
  encodeSignal,
  type FederatedRewardSignal,
  type RewardObservation,
  type RoundConfig,
  type RoundLayout,
} from '@secagg/schema';
import { useTestFolder } from '../../test/support/test-folder';
import { openRouterStore, type RouterStore } from '../store/router-store';
import { chooseData as chooseDataUnder, missingKeys, type RequesterRules } from './choose-data';

const unlimited: RequesterRules = { requestsPerRequester: Number.MAX_SAFE_INTEGER, hashKey: new Uint8Array(16) };
const chooseData = (from: RouterStore, round: Parameters<typeof chooseDataUnder>[1], rules = unlimited) =>
  chooseDataUnder(from, round, rules);

const folder = useTestFolder();
let store: RouterStore;
beforeEach(() => {
  store = openRouterStore(
    folder(),
    generateIdentityKey((length) => new Uint8Array(length).fill(7)).publicKey,
    (requester) => `hash of ${requester}`,
    (error) => {
      throw error;
    },
  );
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
  store.transaction(() => store.observations.add({ observations }, 1));

describe('the data of a round', () => {
  it('is the oldest observations that the catalogue has, as many as a router may send; the others wait', () => {
    put(rows);
    const chosen = chooseData(store, roundOf('request'));
    const expected = [rows[0], rows[2], rows[3], rows[4]];
    expect(chosen.observations).toBe(4);
    expect([...chosen.vector]).toEqual([...accumulate(layout, expected).vector]);
    chosen.take('c/1');
    expect(store.observations.count()).toEqual({ waiting: 2, taken: 4 });
    expect([...chooseData(store, roundOf('request')).vector]).toEqual([...accumulate(layout, [rows[5]]).vector]);
  });

  it('comes back in its old order', () => {
    put(rows);
    chooseData(store, roundOf('request')).take('c/1');
    store.observations.giveBack('c/1');
    expect([...store.observations.waiting()].map(({ observation }) => observation)).toEqual(rows);
  });

  it('is read in pages without loss', () => {
    const many = Array.from({ length: 2500 }, (_, i) => row('a', 'x', i / 1000));
    put(many);
    expect([...store.observations.waiting()].map(({ observation }) => observation.latency_s)).toEqual(
      many.map(({ latency_s }) => latency_s),
    );
  });

  it('is at most so many requests of one requester, the oldest ones; the others wait for the next round', () => {
    const by = (requester: string | undefined, latency: number): RewardObservation => ({
      ...row('a', 'x', latency),
      ...(requester === undefined ? {} : { requester }),
    });
    // Three of Ann, one of Bob, two of nobody known: with two a requester and four a round, Ann's third and the last one wait.
    put([by('ann', 1), by('ann', 2), by('ann', 3), by('bob', 4), by(undefined, 5), by(undefined, 6)]);
    const rules = { ...unlimited, requestsPerRequester: 2 };
    const latencies = (taken: () => void) => {
      taken();
      return [...store.observations.waiting()].map(({ observation }) => observation.latency_s);
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
    put([by(1), by(2), by(3)]);
    const rules = { ...unlimited, requestsPerRequester: 2 };
    const before = chooseData(store, roundOf('request'), rules);
    before.take('c/1');
    store.observations.remove('c/1');
    put([{ model: 'a', task: 'x', success: false, latency_s: 0, requester: 'ann' }, by(2), by(3)]);
    // What waited (3) is first in the queue now; the zeroed request takes the second slot, and neither 2 nor 3 moves up.
    const after = chooseData(store, roundOf('request'), rules);
    expect(after.observations).toBe(2);
    after.take('c/2');
    expect([...store.observations.waiting()].map(({ observation }) => observation.latency_s)).toEqual([2, 3]);
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
    store.localSignal.giveBack('c/1');
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

  it('names the keys that the catalogue lacks, once a catalogue is known', () => {
    put(rows);
    expect(missingKeys(store, undefined)).toEqual({});
    expect(missingKeys(store, layout.keys)).toEqual({ 'z:z': 1 });
  });
});
