import * as fc from 'fast-check';
import { aggregateRewardSignals } from './aggregate';
import { signalFromObservations } from './from-observations';
import { type RewardObservation } from './observation';
import { type FederatedRewardSignal, parseSignal, type RewardSignal } from './signal';

const header = { aggregation_round: 1, cluster_hash: 'ab'.repeat(16), timestamp: '2024-01-01T00:00:00Z' };
const signal = (
  entries: Record<string, RewardSignal>,
  change: Partial<FederatedRewardSignal> = {},
): FederatedRewardSignal => ({
  schema_version: 1,
  ...header,
  participant_count: 1,
  reward_signals: entries,
  ...change,
});

/** Values with few bits, so that float64 adds them exactly and the test's own sums are exact. */
const eighths = (most: number) => fc.integer({ min: 0, max: most * 8 }).map((n) => n / 8);
const observation: fc.Arbitrary<RewardObservation> = fc.record(
  {
    model: fc.constantFrom('m', 'n'),
    task: fc.constantFrom('t', 'u', 'v'),
    success: fc.constantFrom<RewardObservation['success'][]>(true, false, 0, 1),
    latency_s: eighths(100),
    quality: eighths(1),
    cost_usd: eighths(4),
    tokens: fc.constantFrom(0, 1, 2, 64),
  },
  { requiredKeys: ['model', 'task', 'success', 'latency_s'] },
);
const observations = fc.array(observation, { maxLength: 60 });

describe('signalFromObservations', () => {
  it('is what averaging the rows by hand gives, and is a valid signal', () => {
    fc.assert(
      fc.property(observations, (rows) => {
        const result = signalFromObservations(rows, header);
        expect(parseSignal(result)).toEqual(result);
        const keys = [...new Set(rows.map((row) => `${row.model}:${row.task}`))].sort();
        expect(Object.keys(result.reward_signals)).toEqual(keys);
        for (const key of keys) {
          const of = rows.filter((row) => `${row.model}:${row.task}` === key);
          const average = (values: number[]) =>
            values.length ? values.reduce((a, b) => a + b, 0) / values.length : undefined;
          expect(result.reward_signals[key]).toEqual({
            total_samples: of.length,
            success_rate: average(of.map((row) => (row.success ? 1 : 0))),
            avg_latency: average(of.map((row) => row.latency_s)),
            quality_score: average(of.flatMap((row) => (row.quality === undefined ? [] : [row.quality]))),
            cost_efficiency: average(
              of.flatMap((row) => (row.cost_usd !== undefined && row.tokens ? [row.cost_usd / row.tokens] : [])),
            ),
          });
        }
      }),
    );
  });

  it('weighs cost by requests, not by tokens', () => {
    const row = { model: 'm', task: 't', success: true, latency_s: 1 };
    const result = signalFromObservations(
      [{ ...row, cost_usd: 1, tokens: 1 }, { ...row, cost_usd: 1, tokens: 1000 }, row],
      header,
    );
    expect(result.reward_signals['m:t'].cost_efficiency).toBeCloseTo(0.5005, 12);
  });
});

describe('aggregateRewardSignals', () => {
  it('of the signals of parts without optional fields is the signal of the whole', () => {
    fc.assert(
      fc.property(fc.array(observations, { minLength: 1, maxLength: 5 }), (parts) => {
        const bare = parts.map((part) =>
          part.map(({ model, task, success, latency_s }) => ({ model, task, success, latency_s })),
        );
        const combined = aggregateRewardSignals(bare.map((part) => signalFromObservations(part, header)));
        const whole = signalFromObservations(bare.flat(), { ...header, participant_count: parts.length });
        expect(combined.participant_count).toBe(whole.participant_count);
        expect(Object.keys(combined.reward_signals)).toEqual(Object.keys(whole.reward_signals));
        for (const [key, entry] of Object.entries(whole.reward_signals)) {
          expect(combined.reward_signals[key].total_samples).toBe(entry.total_samples);
          expect(combined.reward_signals[key].success_rate).toBeCloseTo(entry.success_rate, 13);
          expect(combined.reward_signals[key].avg_latency).toBeCloseTo(entry.avg_latency, 11);
        }
      }),
    );
  });

  it('weighs optional means by the samples of the signals that carry them', () => {
    const base = { success_rate: 1, avg_latency: 1 };
    const combined = aggregateRewardSignals([
      signal({ 'm:t': { ...base, total_samples: 100 } }),
      signal({ 'm:t': { ...base, total_samples: 30, quality_score: 1, cost_efficiency: 2 } }),
      signal({ 'm:t': { ...base, total_samples: 10, quality_score: 0 }, 'n:t': { ...base, total_samples: 1 } }),
    ]);
    expect(combined.reward_signals).toEqual({
      'm:t': { ...base, total_samples: 140, quality_score: 0.75, cost_efficiency: 2 },
      'n:t': { ...base, total_samples: 1 },
    });
  });

  it('sums participants, takes the highest round and the latest time, and claims no privacy', () => {
    const combined = aggregateRewardSignals([
      signal(
        {},
        {
          participant_count: 2,
          aggregation_round: 7,
          timestamp: '2024-01-01T02:00:00+02:00',
          privacy_budget_used: 1,
          noise_scale: 3,
        },
      ),
      signal({}, { participant_count: 3, aggregation_round: 5, timestamp: '2024-01-01T01:00:00Z' }),
    ]);
    expect(combined).toEqual(
      signal({}, { participant_count: 5, aggregation_round: 7, timestamp: '2024-01-01T01:00:00Z' }),
    );
  });

  it('refuses an empty list, mixed clusters and counts past 2^53', () => {
    const full = { success_rate: 1, avg_latency: 1, total_samples: Number.MAX_SAFE_INTEGER };
    expect(() => aggregateRewardSignals([])).toThrow(
      expect.objectContaining({ code: 'invalid', details: { path: 'signals' } }),
    );
    expect(() => aggregateRewardSignals([signal({}), signal({}, { cluster_hash: 'cd'.repeat(16) })])).toThrow(
      expect.objectContaining({ code: 'invalid', details: { path: 'signals[1].cluster_hash' } }),
    );
    expect(() => aggregateRewardSignals([signal({ 'm:t': full }), signal({ 'm:t': full })])).toThrow(
      expect.objectContaining({ code: 'invalid', details: { path: 'total_samples' } }),
    );
  });
});
