import fc from 'fast-check';
import { type PublishedResult } from '@secagg/protocol';
import { type FederatedRewardSignal, type RewardSignal } from '@secagg/schema';
import { Backlog, splitRows } from './backlog';
import { compareSignals } from './compare';
import { chooseDropouts } from './dropouts';
import { ServedSignal } from './served-signal';
import { judge } from './verify';

const ids = (count: number) => Array.from({ length: count }, (_, i) => `router-${i}`);
const row = (i: number) => ({ model: 'm', task: 't', success: i % 2 === 0, latency_s: i });

describe('rows', () => {
  it('go to router i mod R, each to one round, in order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 7 }),
        (count, routers, rounds) => {
          const shares = splitRows(
            Array.from({ length: count }, (_, i) => row(i)),
            ids(routers),
            rounds,
          );
          ids(routers).forEach((id, r) => {
            const all = shares.flatMap((share) => share.get(id) ?? []).map(({ latency_s }) => latency_s);
            expect(all).toEqual(Array.from({ length: count }, (_, i) => i).filter((i) => i % routers === r));
          });
          const sizes = shares.map((share) => share.get('router-0')?.length ?? 0);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('wait until a round has taken them, and are taken once', () => {
    const backlog = new Backlog();
    const header = { aggregation_round: 1, cluster_hash: 'ab'.repeat(16), timestamp: '2026-01-01T00:00:00Z' };
    backlog.add('router-0', [row(0), row(1)]);
    backlog.add('router-1', [row(2)]);
    expect(backlog.take(['router-0'], header)).toMatchObject({
      participant_count: 1,
      reward_signals: { 'm:t': { total_samples: 2 } },
    });
    backlog.add('router-1', [row(3)]);
    expect(backlog.count('router-1')).toBe(2);
    expect(backlog.take(['router-0', 'router-1'], header).reward_signals['m:t']).toEqual({
      total_samples: 2,
      success_rate: 0.5,
      avg_latency: 2.5,
    });
  });
});

describe('dropouts', () => {
  it('are non-members first, and never one party twice', () => {
    expect(chooseDropouts(ids(7), ids(4), { drop: 2, dropCommittee: 1, dropCommitteeAt: 'announce' })).toEqual({
      afterAnnouncement: ['router-6', 'router-5', 'router-3'],
      beforeAnswer: [],
    });
    expect(chooseDropouts(ids(7), ids(4), { drop: 2, dropCommittee: 1, dropCommitteeAt: 'answer' })).toEqual({
      afterAnnouncement: ['router-6', 'router-5'],
      beforeAnswer: ['router-3'],
    });
    expect(
      chooseDropouts(ids(4), ids(4), { drop: 2, dropCommittee: 1, dropCommitteeAt: 'announce' }).afterAnnouncement,
    ).toEqual(['router-2', 'router-1', 'router-3']);
  });
});

const entry: RewardSignal = { total_samples: 10, success_rate: 0.5, avg_latency: 2 };
const signal = (reward_signals: Record<string, RewardSignal>): FederatedRewardSignal => ({
  schema_version: 1,
  aggregation_round: 1,
  cluster_hash: 'ab'.repeat(16),
  participant_count: 2,
  timestamp: '2026-01-01T00:00:00Z',
  reward_signals,
});
const result = (reward_signals: Record<string, RewardSignal>, standardError = 0): PublishedResult => ({
  signal: signal(reward_signals),
  details: Object.fromEntries(
    Object.entries(reward_signals).map(([key, value]) => [
      key,
      {
        standard_errors: { total_samples: standardError, success_rate: standardError, avg_latency: standardError },
        unclamped: value,
        clamped: [],
      },
    ]),
  ),
  withheld: [],
  participants: [],
  left_out: [],
  privacy: { unit: 'request', rho: null, epsilon: null, delta: 1e-6 },
});
const resolution = { success_rate: 1e-6, avg_latency: 1e-4 };

describe('the comparison without noise', () => {
  const problems = (published: Record<string, RewardSignal>) =>
    judge(compareSignals(result(published), signal({ 'm:t': entry }), resolution), false);

  it('lets a mean be off by the resolution', () => {
    expect(problems({ 'm:t': { ...entry, success_rate: 0.5 + 0.9e-6, avg_latency: 2 - 0.9e-4 } })).toEqual([]);
  });

  it.each<[string, Record<string, RewardSignal>]>([
    ['a count', { 'm:t': { ...entry, total_samples: 11 } }],
    ['a mean past the resolution', { 'm:t': { ...entry, avg_latency: 2.0002 } }],
    ['a key too few', {}],
    ['a key too many', { 'm:t': entry, 'm:u': entry }],
    ['a number too many', { 'm:t': { ...entry, cost_efficiency: 1 } }],
  ])('finds %s', (_name, published) => expect(problems(published)).not.toEqual([]));
});

describe('the comparison with noise', () => {
  it('pools standardised errors and finds counts that cannot be luck', () => {
    const noisy = compareSignals(
      result({ 'm:t': { total_samples: 12, success_rate: 0.5, avg_latency: 1 } }, 1),
      signal({ 'm:t': entry }),
      resolution,
    );
    expect(noisy.standardised).toMatchObject({ count: 3, mean: expect.closeTo(1 / 3, 12) as number });
    expect(judge(noisy, true)).toEqual([]);
    expect(
      judge(
        compareSignals(result({ 'm:t': { ...entry, total_samples: 19 } }, 1), signal({ 'm:t': entry }), resolution),
        true,
      ),
    ).toHaveLength(1);
  });
});

describe('the signal that is given out', () => {
  const signal = (aggregation_round: number, keys: string[]): FederatedRewardSignal => ({
    ...({} as FederatedRewardSignal),
    aggregation_round,
    reward_signals: Object.fromEntries(keys.map((key) => [key, {} as RewardSignal])),
  });

  it('is the newest, but one with nothing in it takes the place of none that has something', () => {
    const served = new ServedSignal();
    const rounds = [signal(1, []), signal(2, []), signal(3, ['m:t']), signal(4, []), signal(5, ['m:t'])];
    expect(rounds.map((each) => served.after(each).aggregation_round)).toEqual([1, 2, 3, 3, 5]);
  });
});
