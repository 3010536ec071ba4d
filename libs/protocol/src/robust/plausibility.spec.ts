import {
  accumulate,
  type ClusterHash,
  defaultFields,
  encodeSignal,
  requestNorm,
  requiredWordBits,
  type RewardObservation,
  type RoundConfig,
} from '@secagg/schema';
import { clipToL2Ball } from '@secagg/dp-noise';
import { gaussianFrom, uniform } from '@secagg/testbed/random';
import * as fc from 'fast-check';
import { type GroupSums, implausibility } from './plausibility';

const fields = defaultFields({ quality: true, cost: true });
const shape = { keys: ['m:a', 'm:b', 'm:c'], fields, max_requests_per_router: 20, max_participants: 100 };
const width = fields.length;
const at = (name: string): number => fields.findIndex((field) => field.name === name);

function configOf(noise: number, unit: 'request' | 'router' = 'request', clip = requestNorm(shape)): RoundConfig {
  const digest = new Uint8Array(32);
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
    epoch_hash: digest,
    policy_version: 1,
    roster_version: 1,
    suite: 'pad',
    layout: { ...shape, word_bits: requiredWordBits({ ...shape, noiseStdDevUnits: Math.ceil(10 * noise) }) },
    privacy: {
      unit,
      clip_norm: clip,
      noise_variance_numerator: noise ** 2,
      noise_variance_denominator: 1,
      assumed_colluders: 0,
      delta_inverse: 1000,
    },
    groups: 3,
    combination: 'median',
    min_participants_per_group: 1,
    max_participants: 100,
  };
}

const observation: fc.Arbitrary<RewardObservation> = fc.record(
  {
    model: fc.constant('m'),
    task: fc.constantFrom('a', 'b', 'c'),
    success: fc.boolean(),
    latency_s: fc.double({ min: 0, max: 1000, noNaN: true }),
    quality: fc.double({ min: 0, max: 1, noNaN: true }),
    cost_usd: fc.double({ min: 0, max: 5, noNaN: true }),
    tokens: fc.integer({ min: 1, max: 1000 }),
  },
  { requiredKeys: ['model', 'task', 'success', 'latency_s'] },
);
const honestGroup = fc.array(fc.array(observation, { maxLength: 20 }), { minLength: 1, maxLength: 6 });

const sumOf = (vectors: readonly Float64Array[]): GroupSums => {
  const values = new Float64Array(shape.keys.length * width);
  for (const vector of vectors)
    vector.forEach((value, i) => {
      values[i] += value;
    });
  return { group: 0, size: vectors.length, values };
};

/** A plausible group of 2: 10 requests each, all of them average. */
const example = (): GroupSums => {
  const vector = encodeSignal(configOf(0).layout, {
    reward_signals: Object.fromEntries(
      shape.keys.map((key) => [
        key,
        { success_rate: 0.5, avg_latency: 30, total_samples: 3, quality_score: 0.5, cost_efficiency: 5e-5 },
      ]),
    ),
  }).vector;
  return sumOf([vector, vector]);
};
const withValue = (sums: GroupSums, index: number, change: (value: number) => number): GroupSums => ({
  ...sums,
  values: sums.values.map((value, i) => (i === index ? change(value) : value)),
});

describe('implausibility', () => {
  it('finds nothing wrong with honest requests, whatever they are', () => {
    fc.assert(
      fc.property(honestGroup, (routers) => {
        const config = configOf(0);
        expect(
          implausibility(config, sumOf(routers.map((rows) => accumulate(config.layout, rows).vector))),
        ).toBeUndefined();
      }),
    );
  });

  it('nor with signals that are scaled and clipped as a whole', () => {
    const entry = fc.record({
      success_rate: fc.double({ min: 0, max: 1, noNaN: true }),
      avg_latency: fc.double({ min: 0, max: 200, noNaN: true }),
      total_samples: fc.integer({ min: 1, max: 100 }),
      quality_score: fc.double({ min: 0, max: 1, noNaN: true }),
      cost_efficiency: fc.double({ min: 0, max: 1e-3, noNaN: true }),
    });
    const signal = fc.dictionary(fc.constantFrom(...shape.keys), entry);
    fc.assert(
      fc.property(
        fc.array(signal, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 100, max: 10_000_000 }),
        (signals, clip) => {
          const config = configOf(0, 'router', clip);
          const vectors = signals.map((reward_signals) => {
            const { vector } = encodeSignal(config.layout, { reward_signals });
            clipToL2Ball(vector, clip);
            return vector;
          });
          expect(implausibility(config, sumOf(vectors))).toBeUndefined();
        },
      ),
    );
  });

  it('nor with noise', () => {
    const gaussian = gaussianFrom(uniform(2));
    const config = configOf(1e6);
    for (let i = 0; i < 300; i++) {
      const sums = example();
      expect(
        implausibility(config, {
          ...sums,
          values: sums.values.map((value) => Math.round(value + 1e6 * Math.SQRT2 * gaussian())),
        }),
      ).toBeUndefined();
    }
  });

  it.each([
    [
      'more requests than two routers may have counted',
      at('samples'),
      () => 41 * 65536,
      { reason: 'out_of_range', key: 'm:a', field: 'samples' },
    ],
    [
      'a negative count',
      width + at('quality_samples'),
      () => -1,
      { reason: 'out_of_range', key: 'm:b', field: 'quality_samples' },
    ],
    [
      'a latency sum past the bound of all requests',
      at('latency'),
      () => 40 * 2 ** 16 * 60,
      { reason: 'out_of_range', key: 'm:a', field: 'latency' },
    ],
    [
      'more successes than requests',
      at('successes'),
      () => 7 * 65536,
      { reason: 'inconsistent', key: 'm:a', field: 'successes' },
    ],
    [
      'fewer successes than none',
      2 * width + at('successes'),
      () => -7 * 65536,
      { reason: 'inconsistent', key: 'm:c', field: 'successes' },
    ],
    [
      'more costs than requests',
      at('cost_samples'),
      () => 7 * 65536,
      { reason: 'inconsistent', key: 'm:a', field: 'cost_samples' },
    ],
  ])('names %s', (_what, index, change, expected) => {
    expect(implausibility(configOf(0), example())).toBeUndefined();
    expect(implausibility(configOf(0), withValue(example(), index, change))).toEqual(expected);
  });

  it('notices more requests over all keys than may be sent, though no key has too many', () => {
    let sums = example();
    for (let k = 0; k < 3; k++) sums = withValue(sums, k * width + at('samples'), () => 15 * 65536);
    expect(implausibility(configOf(0), sums)).toEqual({ reason: 'too_many_requests' });
  });

  it('allows for 12 standard deviations of the noise of the group, and no more', () => {
    const noise = 1000;
    const margin = 12 * noise * Math.SQRT2;
    const highest = 40 * 65536;
    const sums = (excess: number) => withValue(example(), at('samples'), () => highest + Math.round(excess));
    expect(implausibility(configOf(noise), sums(0.99 * margin))?.reason).not.toBe('out_of_range');
    expect(implausibility(configOf(noise), sums(1.01 * margin))).toEqual({
      reason: 'out_of_range',
      key: 'm:a',
      field: 'samples',
    });
  });

  it('bounds coordinates by the clip norm where routers are clipped', () => {
    const clip = 65536;
    expect(
      implausibility(
        configOf(0, 'router', clip),
        withValue(example(), at('samples'), () => 3 * clip),
      ),
    ).toEqual({ reason: 'out_of_range', key: 'm:a', field: 'samples' });
  });
});
