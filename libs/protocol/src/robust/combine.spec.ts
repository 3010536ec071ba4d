import {
  type ClusterHash,
  defaultFields,
  encodeSignal,
  requiredWordBits,
  type RewardSignal,
  type RoundConfig,
} from '@secagg/schema';
import { gaussianFrom, uniform } from '@secagg/testbed/random';
import { combineGroups, type RobustCombination } from './combine';
import { examineGroups } from './examine';
import { type GroupSums } from './plausibility';

const fields = defaultFields({ quality: true, unitsPerRequest: 1024 });
const shape = { keys: ['m:a', 'm:b'], fields, max_requests_per_router: 10_000, max_participants: 100 };
const gaussian = gaussianFrom(uniform(12));

function configOf(noise = 0): RoundConfig {
  return {
    v: 1,
    fleet: 'f',
    cluster: 'ab'.repeat(8) as ClusterHash,
    round: 1 as RoundConfig['round'],
    round_time_ms: 0,
    send_from_ms: 0,
    deadline_ms: 1,
    coordinator: 'c' as RoundConfig['coordinator'],
    epoch: 1 as RoundConfig['epoch'],
    epoch_hash: new Uint8Array(32),
    policy_version: 1,
    roster_version: 1,
    suite: 'pad',
    layout: { ...shape, word_bits: requiredWordBits({ ...shape, noiseStdDevUnits: 10 * noise }) },
    privacy: {
      unit: 'request',
      clip_norm: 5000,
      noise_variance_numerator: noise ** 2,
      noise_variance_denominator: 1,
      assumed_colluders: 0,
      delta_inverse: 1000,
    },
    groups: 5,
    combination: 'median',
    min_participants_per_group: 1,
    max_participants: 100,
  };
}

/** One group of `size` routers that all saw this. */
function groupOf(group: number, size: number, signals: Record<string, RewardSignal>, noise = 0): GroupSums {
  const { vector } = encodeSignal(configOf(noise).layout, { reward_signals: signals });
  return {
    group,
    size,
    values: vector.map((value) => size * value + Math.round(noise * Math.sqrt(size) * gaussian())),
  };
}

const entry: RewardSignal = { success_rate: 0.75, avg_latency: 15, total_samples: 40, quality_score: 0.5 };
const combine = (config: RoundConfig, sums: readonly GroupSums[], combination: RobustCombination = 'median') =>
  combineGroups(config, examineGroups(config, sums), combination);

describe('combineGroups', () => {
  it('finds what all groups agree on, exactly and without an error, whatever their sizes', () => {
    const sums = [1, 2, 3, 4, 5].map((size) => groupOf(size, size, { 'm:a': entry }));
    for (const combination of ['median', 'trimmed-mean'] as const) {
      const { keys, withheld } = combine(configOf(), sums, combination);
      const combined = keys.get('m:a');
      expect(combined?.entry.total_samples).toBe(15 * 40);
      expect(combined?.entry.success_rate).toBeCloseTo(0.75, 12);
      expect(combined?.entry.avg_latency).toBeCloseTo(15, 2);
      expect(combined?.entry.quality_score).toBeCloseTo(0.5, 12);
      expect(combined?.details.clamped).toEqual([]);
      expect(combined?.details.standard_errors.total_samples).toBeCloseTo(0, 9);
      expect(withheld).toEqual([{ key: 'm:b', reason: 'few_groups' }]);
    }
  });

  it('two spoiled groups of five do not move what the others agree on', () => {
    const liar: RewardSignal = { success_rate: 0, avg_latency: 60, total_samples: 5000, quality_score: 1 };
    const sums = [0, 1, 2, 3, 4].map((group) => groupOf(group, 4, { 'm:a': group < 2 ? liar : entry }));
    expect(combine(configOf(), sums).keys.get('m:a')?.entry).toMatchObject({
      success_rate: expect.closeTo(0.75, 9) as number,
      total_samples: 20 * 40,
    });
  });

  it('withholds a mean that most groups do not have, and a key that most groups do not have', () => {
    const { quality_score: _quality, ...without } = entry;
    const sums = [0, 1, 2, 3, 4].map((group) =>
      groupOf(group, 4, { 'm:a': group < 2 ? entry : without, ...(group < 2 ? { 'm:b': entry } : {}) }),
    );
    const { keys, withheld } = combine(configOf(), sums);
    expect(keys.get('m:a')?.entry).not.toHaveProperty('quality_score');
    expect(withheld).toEqual([
      { key: 'm:a', measure: 'quality_score', reason: 'few_groups' },
      { key: 'm:b', reason: 'few_groups' },
    ]);
  });

  it('uses no group whose count drowns in noise', () => {
    const noise = 20_000;
    // 40 requests of 1024 units among 4 routers, in noise of 2 * 20000: hardly one standard error. 4000 are a hundred.
    const busy = { ...entry, total_samples: 4000 };
    const few = [0, 1, 2, 3, 4].map((group) => groupOf(group, 4, { 'm:a': group < 2 ? busy : entry }, noise));
    expect(combine(configOf(noise), few).keys.size).toBe(0);
    const enough = [0, 1, 2, 3, 4].map((group) => groupOf(group, 4, { 'm:a': group < 3 ? busy : entry }, noise));
    expect(combine(configOf(noise), enough).keys.get('m:a')?.entry.success_rate).toBeCloseTo(0.75, 1);
  });

  it('withholds everything when implausible groups leave no majority', () => {
    const wild = (group: number): GroupSums => ({
      group,
      size: 4,
      values: new Float64Array(2 * fields.length).fill(2 ** 40),
    });
    const sound = [0, 1, 2].map((group) => groupOf(group, 4, { 'm:a': entry }));
    expect(combine(configOf(), [...sound, wild(3), wild(4)]).keys.size).toBe(1);
    const { keys, withheld } = combine(configOf(), [...sound.slice(0, 2), wild(2), wild(3), wild(4)]);
    expect(keys.size).toBe(0);
    expect(withheld).toEqual([
      { key: 'm:a', reason: 'few_groups' },
      { key: 'm:b', reason: 'few_groups' },
    ]);
  });

  it('of three groups, with one implausible, the two others are averaged; of two nothing is said', () => {
    const wild: GroupSums = { group: 9, size: 4, values: new Float64Array(2 * fields.length).fill(2 ** 40) };
    const two = [groupOf(0, 4, { 'm:a': entry }), groupOf(1, 4, { 'm:a': { ...entry, success_rate: 0.25 } })];
    expect(combine(configOf(), [...two, wild]).keys.get('m:a')?.entry.success_rate).toBeCloseTo(0.5, 9);
    expect(combine(configOf(), two).keys.size).toBe(0);
  });

  it('holds means to their range and keeps what they were', () => {
    const noise = 400;
    let clamped = 0;
    for (let i = 0; i < 20; i++) {
      const sums = [0, 1, 2, 3, 4].map((group) =>
        groupOf(group, 4, { 'm:a': { ...entry, success_rate: 1, quality_score: 0 } }, noise),
      );
      const combined = combine(configOf(noise), sums).keys.get('m:a');
      if (!combined) throw new Error('withheld');
      const { entry: held, details } = combined;
      expect(held.success_rate).toBe(Math.min(1, details.unclamped.success_rate));
      expect(held.quality_score).toBe(Math.max(0, details.unclamped.quality_score ?? NaN));
      expect(details.clamped.includes('success_rate')).toBe(details.unclamped.success_rate > 1);
      clamped += details.clamped.length;
    }
    expect(clamped).toBeGreaterThan(0);
  });

  it.each(['median', 'trimmed-mean'] as const)(
    'the standard errors of a %s are those of its errors, or a little larger',
    (combination) => {
      const noise = 2000;
      const errors: number[] = [];
      for (let i = 0; i < 300; i++) {
        const sums = Array.from({ length: 11 }, (_, group) =>
          groupOf(group, 4, { 'm:a': entry, 'm:b': { ...entry, total_samples: 120, success_rate: 0.4 } }, noise),
        );
        for (const [key, { details }] of combine(configOf(noise), sums, combination).keys) {
          errors.push(
            (details.unclamped.success_rate - (key === 'm:a' ? 0.75 : 0.4)) / details.standard_errors.success_rate,
          );
        }
      }
      expect(errors.length).toBeGreaterThan(550);
      const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
      expect(deviation).toBeGreaterThan(0.6);
      expect(deviation).toBeLessThan(1.1);
    },
  );
});
