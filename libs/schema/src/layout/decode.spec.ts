import { decodeSums, type DecodeOptions } from './decode';
import { type RoundLayout } from './layout';

/** Small scales, so that the expected numbers can be followed by hand. */
const layout: RoundLayout = {
  keys: ['a:t', 'b:t'],
  fields: [
    { name: 'samples', scale: 10, bound_units: 10, centre_units: 0 },
    { name: 'successes', scale: 20, bound_units: 20, centre_units: 10 },
    { name: 'latency', scale: 2, bound_units: 20, centre_units: 10 },
    { name: 'quality', scale: 20, bound_units: 20, centre_units: 0 },
    { name: 'quality_samples', scale: 10, bound_units: 10, centre_units: 0 },
  ],
  max_requests_per_router: 100,
  max_participants: 10,
  word_bits: 20,
};
const header = {
  aggregation_round: 2,
  cluster_hash: 'ab'.repeat(16),
  timestamp: '2024-01-01T00:00:00Z',
  participant_count: 3,
  noise_scale: 4,
};
const decode = (sums: number[], options: Partial<DecodeOptions> = {}) =>
  decodeSums(layout, Float64Array.from(sums), { noiseVariance: 0, header, ...options });
const empty = [0, 0, 0, 0, 0];

describe('decodeSums', () => {
  it('reads counts and means, with standard errors by the delta method', () => {
    const { signal, details, withheld } = decode([1004, 500, -300, 1200, 800, ...empty], { noiseVariance: 16 });
    expect(signal).toMatchObject({ schema_version: 1, ...header });
    const entry = signal.reward_signals['a:t'];
    expect(entry.total_samples).toBe(100);
    // 500 units over 100.4 requests, on top of a centre of 10: (10 + 4.98) / 20.
    expect(entry.success_rate).toBeCloseTo((10 + 500 / 100.4) / 20, 12);
    expect(entry.avg_latency).toBeCloseTo((10 - 300 / 100.4) / 2, 12);
    expect(entry.quality_score).toBeCloseTo(1200 / 80 / 20, 12);
    const { standard_errors: se } = details['a:t'];
    expect(se.total_samples).toBeCloseTo(0.4, 12);
    // r = S / n with the noise of S 4 / 20 and that of n 4 / 10 in natural units; centred, r counts from 0.5.
    const r = 500 / 100.4 / 20;
    expect(se.success_rate).toBeCloseTo(Math.sqrt((4 / 20) ** 2 + r ** 2 * 0.4 ** 2) / 100.4, 12);
    expect(se.avg_latency).toBeCloseTo(Math.sqrt((4 / 2) ** 2 + (300 / 100.4 / 2) ** 2 * 0.4 ** 2) / 100.4, 12);
    expect(se.quality_score).toBeCloseTo(Math.sqrt((4 / 20) ** 2 + 0.75 ** 2 * 0.4 ** 2) / 80, 12);
    expect(se.cost_efficiency).toBeUndefined();
    expect(withheld).toEqual([{ key: 'b:t', reason: 'no_samples' }]);
  });

  it('withholds keys and single means whose count is small beside its noise', () => {
    // One standard error of a count is 1 request: 49 units are 4.9 of them.
    const { signal, details, withheld } = decode([49, 0, 0, 0, 900, 900, 0, 0, 0, 49], { noiseVariance: 100 });
    expect(withheld).toEqual([
      { key: 'a:t', reason: 'noise' },
      { key: 'b:t', measure: 'quality_score', reason: 'noise' },
    ]);
    expect(Object.keys(signal.reward_signals)).toEqual(['b:t']);
    expect(Object.keys(details)).toEqual(['b:t']);
    expect(signal.reward_signals['b:t']).not.toHaveProperty('quality_score');
    expect(decode([49, 0, 0, 0, 900, 900, 0, 0, 0, 49], { noiseVariance: 100, withholdBelow: 4.8 }).withheld).toEqual(
      [],
    );
  });

  it('withholds negative counts and those that round to nothing even when asked for everything', () => {
    const { withheld } = decode([-5000, 0, 0, 0, 0, 4, 0, 0, 0, 0], { noiseVariance: 1, withholdBelow: 0 });
    expect(withheld.map(({ reason }) => reason)).toEqual(['no_samples', 'no_samples']);
  });

  it('clamps means into their range and says so', () => {
    const { signal, details } = decode([1000, 1500, -1200, -10, 1000, ...empty], { noiseVariance: 16 });
    expect(signal.reward_signals['a:t']).toMatchObject({ success_rate: 1, avg_latency: 0, quality_score: 0 });
    expect(details['a:t'].clamped).toEqual(['success_rate', 'avg_latency', 'quality_score']);
    expect(details['a:t'].unclamped.success_rate).toBeCloseTo(1.25, 12);
    expect(details['a:t'].unclamped.avg_latency).toBeCloseTo(-1, 12);
    expect(decode([1000, 0, 1500, 0, 1000, ...empty]).signal.reward_signals['a:t'].avg_latency).toBe(10);
  });

  it.each<[string, number[], Partial<DecodeOptions>]>([
    ['sums', [1, 2, 3], {}],
    ['sums', [...empty, 0, 0, 0, 0, 0.5], {}],
    ['sums', [...empty, 0, 0, 0, 0, NaN], {}],
    ['noiseVariance', [...empty, ...empty], { noiseVariance: -1 }],
    ['noiseVariance', [...empty, ...empty], { noiseVariance: NaN }],
    ['withholdBelow', [...empty, ...empty], { withholdBelow: Infinity }],
  ])('refuses bad %s', (path, sums, options) => {
    expect(() => decode(sums, options)).toThrow(expect.objectContaining({ code: 'invalid', details: { path } }));
  });
});
