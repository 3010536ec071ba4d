import { z } from 'zod';
import { SecaggError } from '../problems';
import { FederatedRewardSignal, MAX_SIGNAL_KEYS, parseSignal } from './signal';

const entry = { success_rate: 0.5, avg_latency: 1.25, total_samples: 4 };
const valid = (): Record<string, unknown> => ({
  schema_version: 1,
  aggregation_round: 3,
  cluster_hash: 'a1'.repeat(32),
  reward_signals: { 'm:t': { ...entry, quality_score: 1, cost_efficiency: 7.5e-6 }, 'm:u': { ...entry } },
  participant_count: 5,
  timestamp: '2023-11-16T18:15:46.680590Z',
  privacy_budget_used: 0.5,
  noise_scale: 12.5,
});

const refusal = (value: unknown): SecaggError => {
  try {
    parseSignal(value);
  } catch (error) {
    if (error instanceof SecaggError) return error;
    throw error;
  }
  throw new Error('was accepted');
};

describe('parseSignal', () => {
  it('gives back a valid signal, with and without the optional fields', () => {
    expect(parseSignal(valid())).toEqual(valid());
    const { privacy_budget_used: _budget, noise_scale: _scale, ...bare } = valid();
    expect(parseSignal({ ...bare, reward_signals: {} })).toEqual({ ...bare, reward_signals: {} });
  });

  it('takes null for an optional field as its absence', () => {
    const { privacy_budget_used: _budget, noise_scale: _scale, ...bare } = valid();
    const entries = { 'm:t': { ...entry, quality_score: null, cost_efficiency: null } };
    expect(parseSignal({ ...bare, privacy_budget_used: null, noise_scale: null, reward_signals: entries })).toEqual({
      ...bare,
      reward_signals: { 'm:t': entry },
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['schema_version', { schema_version: 2 }],
    ['aggregation_round', { aggregation_round: 0 }],
    ['aggregation_round', { aggregation_round: 1.5 }],
    ['aggregation_round', { aggregation_round: 2 ** 53 }],
    ['cluster_hash', { cluster_hash: 'a'.repeat(15) }],
    ['cluster_hash', { cluster_hash: 'a'.repeat(65) }],
    ['cluster_hash', { cluster_hash: 'A'.repeat(16) }],
    ['participant_count', { participant_count: 0 }],
    ['participant_count', { participant_count: '5' }],
    ['timestamp', { timestamp: 'yesterday' }],
    ['timestamp', { timestamp: '2023-02-29T00:00:00Z' }],
    ['timestamp', { timestamp: '2023-02-28T00:00:00' }],
    ['timestamp', { timestamp: `2023-02-28T00:00:00.${'0'.repeat(40)}Z` }],
    ['privacy_budget_used', { privacy_budget_used: -1 }],
    ['privacy_budget_used', { privacy_budget_used: -0 }],
    ['noise_scale', { noise_scale: Infinity }],
    ['extra', { extra: 1 }],
    ['__proto__', JSON.parse('{"__proto__": {}}') as Record<string, unknown>],
    ['reward_signals', { reward_signals: [] }],
    ['reward_signals', { reward_signals: new Map() }],
    ['reward_signals', { reward_signals: null }],
  ])('names %s in the path', (path, change) => {
    const value = Object.defineProperties(valid(), Object.getOwnPropertyDescriptors(change));
    expect(refusal(value)).toMatchObject({ code: 'invalid', details: { path } });
  });

  it.each<[string, Record<string, unknown>]>([
    ['success_rate', { success_rate: NaN }],
    ['success_rate', { success_rate: 1.0000000000000002 }],
    ['success_rate', { success_rate: -0 }],
    ['avg_latency', { avg_latency: -1e-300 }],
    ['avg_latency', { avg_latency: Infinity }],
    ['total_samples', { total_samples: 0 }],
    ['total_samples', { total_samples: undefined }],
    ['quality_score', { quality_score: 2 }],
    ['cost_efficiency', { cost_efficiency: -0 }],
    ['avg_latency', { avg_latency: null }],
    ['router_id', { router_id: 'r' }],
  ])("names an entry's %s in the path", (field, change) => {
    const error = refusal({ ...valid(), reward_signals: { 'm:t': { ...entry, ...change } } });
    expect(error).toMatchObject({ code: 'invalid', details: { path: `reward_signals["m:t"].${field}` } });
  });

  it('refuses bad keys, escaped and cut in the path', () => {
    const key = `\n${'x'.repeat(5000)}`;
    const path = String(refusal({ ...valid(), reward_signals: { [key]: entry } }).details.path);
    expect(path).toMatch(/^reward_signals\["\\nx{79}"\]$/);
    expect(refusal({ ...valid(), reward_signals: JSON.parse('{"__proto__": {}}') as unknown }).details.path).toBe(
      'reward_signals.__proto__',
    );
  });

  it('bounds the number of keys, by default and as asked', () => {
    const many = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`m:${i}`, entry]));
    expect(() => parseSignal({ ...valid(), reward_signals: many(MAX_SIGNAL_KEYS) })).not.toThrow();
    const tooMany = { ...valid(), reward_signals: many(MAX_SIGNAL_KEYS + 1) };
    expect(refusal(tooMany).details.path).toBe('reward_signals');
    expect(() => parseSignal(tooMany, { maxKeys: MAX_SIGNAL_KEYS + 1 })).not.toThrow();
  });

  it.each([undefined, null, 1, 'x', []])('refuses %p as a whole', (value) => {
    expect(refusal(value)).toMatchObject({ code: 'invalid', details: { path: '' } });
  });

  it('does not repeat values in its message', () => {
    expect(refusal({ ...valid(), cluster_hash: 'hunter2' }).message).not.toContain('hunter2');
  });

  it('has a JSON schema, for the OpenAPI document', () => {
    const schema = z.toJSONSchema(FederatedRewardSignal);
    expect(schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: { reward_signals: { type: 'object' } },
    });
  });
});
