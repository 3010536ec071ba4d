import { generateIdentityKey } from '@secagg/crypto';
import { accumulate, defaultFields, encodeSignal, type FederatedRewardSignal, type RewardObservation, type RoundConfig, type RoundLayout } from '@secagg/schema';
import { useTestFolder } from '../../test/support/test-folder';
import { openRouterStore, type RouterStore } from '../store/router-store';
import { chooseData, missingKeys } from './choose-data';

const folder = useTestFolder();
let store: RouterStore;
beforeEach(() => {
  store = openRouterStore(folder(), generateIdentityKey((length) => new Uint8Array(length).fill(7)).publicKey, (error) => {
    throw error;
  });
});
afterEach(() => store.close());

const layout: RoundLayout = { keys: ['a:x', 'b:y'], fields: defaultFields({ cost: true }), max_requests_per_router: 4, max_participants: 10, word_bits: 48 };
const roundOf = (unit: 'router' | 'request', clipNorm = 2 ** 40) => ({ config: { layout, privacy: { unit, clip_norm: clipNorm } } as RoundConfig });
const row = (model: string, task: string, latency: number): RewardObservation => ({ model, task, success: latency > 2, latency_s: latency, cost_usd: 0.01, tokens: 100 });
const rows = [row('a', 'x', 1), row('z', 'z', 9), row('b', 'y', 2), row('a', 'x', 3), row('b', 'y', 4), row('a', 'x', 5)];
const put = (observations: readonly RewardObservation[]) => store.transaction(() => store.observations.add({ observations }, 1));

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
    expect([...store.observations.waiting()].map(({ observation }) => observation.latency_s)).toEqual(many.map(({ latency_s }) => latency_s));
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
    const signal = { schema_version: 1, aggregation_round: 1, cluster_hash: 'abcdef0123456789', participant_count: 1, timestamp: '2026-01-01T00:00:00Z', reward_signals: { 'a:x': { success_rate: 0.5, avg_latency: 2, total_samples: 4 } } } satisfies FederatedRewardSignal;
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
    const signal = (round: number): FederatedRewardSignal => ({ schema_version: 1, aggregation_round: round, cluster_hash: 'abcdef0123456789', participant_count: 1, timestamp: '2026-01-01T00:00:00Z', reward_signals: {} });
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
