import * as fc from 'fast-check';
import { signalFromObservations } from '../signal/from-observations';
import { type RewardObservation } from '../signal/observation';
import { type FederatedRewardSignal } from '../signal/signal';
import { accumulate } from './accumulate';
import { decodeSums, type DecodedSums } from './decode';
import { defaultFields, type FieldOptions } from './default-fields';
import { encodeObservation } from './encode-observation';
import { encodeSignal } from './encode-signal';
import { layoutDimension, type RoundLayout } from './layout';
import { requestNorm } from './request-norm';

const header = {
  aggregation_round: 1,
  cluster_hash: 'ab'.repeat(16),
  timestamp: '2024-01-01T00:00:00Z',
  participant_count: 1,
};
const layoutOf = (options: FieldOptions, change: Partial<RoundLayout> = {}): RoundLayout => ({
  keys: ['m:t', 'm:u', 'n:t', 'z:never'],
  fields: defaultFields(options),
  max_requests_per_router: 1000,
  max_participants: 100,
  word_bits: 44,
  ...change,
});
const decode = (layout: RoundLayout, sums: Float64Array): DecodedSums =>
  decodeSums(layout, sums, { noiseVariance: 0, header });

const number = (max: number) =>
  fc.double({ min: 0, max, noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const observation: fc.Arbitrary<RewardObservation> = fc.record(
  {
    model: fc.constantFrom('m', 'n'),
    task: fc.constantFrom('t', 'u'),
    success: fc.boolean(),
    latency_s: number(60),
    quality: number(1),
    cost_usd: number(1e-4),
    tokens: fc.integer({ min: 0, max: 1000 }),
  },
  { requiredKeys: ['model', 'task', 'success', 'latency_s'] },
);
const options = fc.record({
  quality: fc.boolean(),
  cost: fc.boolean(),
  unitsPerRequest: fc.constantFrom(1000, 65536),
  weights: fc.constantFrom({}, { latency: 3, samples: 0.3 }),
});

/** Counts equal; means within half a unit of the field (and the last bits of float64). */
function expectTruth(decoded: FederatedRewardSignal, truth: FederatedRewardSignal, layout: RoundLayout): void {
  const halfUnit = (name: string) => 0.5 / (layout.fields.find((field) => field.name === name)?.scale ?? NaN);
  const near = (actual: number | undefined, expected: number | undefined, field: string) => {
    if (expected === undefined || actual === undefined) expect(actual).toBe(expected);
    else expect(Math.abs(actual - expected)).toBeLessThanOrEqual(halfUnit(field) * (1 + 1e-6));
  };
  const has = (name: string) => layout.fields.some((field) => field.name === name);
  const known = Object.entries(truth.reward_signals).filter(([key]) => layout.keys.includes(key));
  expect(Object.keys(decoded.reward_signals)).toEqual(known.map(([key]) => key));
  for (const [key, entry] of known) {
    const found = decoded.reward_signals[key];
    expect(found.total_samples).toBe(entry.total_samples);
    expect(found.success_rate).toBe(entry.success_rate);
    near(found.avg_latency, entry.avg_latency, 'latency');
    near(found.quality_score, has('quality') ? entry.quality_score : undefined, 'quality');
    near(found.cost_efficiency, has('cost') ? entry.cost_efficiency : undefined, 'cost');
  }
}

describe('encoding and decoding without noise', () => {
  it("gives back the truth of all routers' observations", () => {
    fc.assert(
      fc.property(
        options,
        fc.array(fc.array(observation, { maxLength: 40 }), { minLength: 1, maxLength: 4 }),
        (given, routers) => {
          const layout = layoutOf(given);
          const sums = new Float64Array(layoutDimension(layout));
          for (const rows of routers) {
            const { vector, taken, missing } = accumulate(layout, rows);
            const lacking = rows.filter((row) => row.model === 'n' && row.task === 'u').length;
            expect(taken).toBe(rows.length - lacking);
            expect([...missing]).toEqual(lacking ? [['n:u', lacking]] : []);
            vector.forEach((value, i) => (sums[i] += value));
          }
          expectTruth(decode(layout, sums).signal, signalFromObservations(routers.flat(), header), layout);
        },
      ),
    );
  });

  it('gives back a local signal', () => {
    fc.assert(
      fc.property(options, fc.array(observation, { maxLength: 40 }), (given, rows) => {
        const layout = layoutOf(given);
        // In a signal an optional mean stands for all samples of its entry.
        const signal = signalFromObservations(rows, header);
        const { vector, missing, scaledBy } = encodeSignal(layout, signal);
        expect(missing).toEqual('n:u' in signal.reward_signals ? ['n:u'] : []);
        expect(scaledBy).toBe(1);
        expectTruth(decode(layout, vector).signal, signal, layout);
      }),
    );
  });
});

describe('encodeObservation', () => {
  it('never passes the request norm, and reaches it', () => {
    const rows = fc.record({ ...observationShape(), latency_s: number(1e6), cost_usd: number(1e6) });
    fc.assert(
      fc.property(options, rows, (given, row) => {
        const layout = layoutOf(given);
        const out = new Float64Array(layout.fields.length);
        encodeObservation(layout, row, out);
        expect(Math.hypot(...out)).toBeLessThanOrEqual(requestNorm(layout));
      }),
    );
    const layout = layoutOf({ quality: true, cost: true });
    const out = new Float64Array(7);
    const extreme = { model: 'm', task: 't', success: true, latency_s: 1e6, quality: 1, cost_usd: 1, tokens: 1 };
    expect(encodeObservation(layout, extreme, out)).toBe(0);
    expect(Math.hypot(...out)).toBeGreaterThan(requestNorm(layout) - 1);
  });

  it('leaves the output alone for a key outside the catalogue', () => {
    const out = new Float64Array([1, 2, 3]);
    expect(encodeObservation(layoutOf({}), { model: 'x', task: 'y', success: 1, latency_s: 1 }, out)).toBe(-1);
    expect([...out]).toEqual([1, 2, 3]);
  });

  it('finds models with colons, also in observations from before the last one divided', () => {
    const layout = layoutOf({}, { keys: ['ollama/llama3:8b:chat'] });
    const out = new Float64Array(3);
    const row = { success: true, latency_s: 1 };
    expect(encodeObservation(layout, { model: 'ollama/llama3:8b', task: 'chat', ...row }, out)).toBe(0);
    expect(encodeObservation(layout, { model: 'ollama/llama3', task: '8b:chat', ...row }, out)).toBe(0);
  });

  it('overwrites what an earlier observation left', () => {
    const layout = layoutOf({ quality: true });
    const out = new Float64Array(5).fill(99);
    encodeObservation(layout, { model: 'n', task: 't', success: 0, latency_s: 0 }, out);
    const [samples, successes, latency] = layout.fields;
    expect([...out]).toEqual([samples.scale, -successes.centre_units, -latency.centre_units, 0, 0]);
  });
});

describe('accumulate', () => {
  it('refuses more requests than a router may send, not counting those outside the catalogue', () => {
    const layout = layoutOf({}, { max_requests_per_router: 2 });
    const row = (task: string): RewardObservation => ({ model: 'm', task, success: 1, latency_s: 1 });
    expect(accumulate(layout, [row('t'), row('x'), row('u'), row('x')])).toMatchObject({ taken: 2 });
    expect(() => accumulate(layout, [row('t'), row('t'), row('t')])).toThrow(
      expect.objectContaining({ code: 'invalid', details: { path: 'observations' } }),
    );
  });
});

describe('encodeSignal', () => {
  it('weighs a signal of too many requests as the most a router may send, keeping its means', () => {
    const layout = layoutOf({});
    const entry = (samples: number) => ({ success_rate: 0.25, avg_latency: 4, total_samples: samples });
    const { vector, scaledBy } = encodeSignal(layout, { reward_signals: { 'm:t': entry(30000), 'm:u': entry(10000) } });
    expect(scaledBy).toBe(1000 / 40000);
    const { reward_signals: found } = decode(layout, vector).signal;
    expect(found['m:t'].total_samples).toBe(750);
    expect(found['m:u'].total_samples).toBe(250);
    expect(found['m:t'].success_rate).toBeCloseTo(0.25, 6);
    expect(found['m:t'].avg_latency).toBeCloseTo(4, 3);
  });

  it('holds means to their bounds', () => {
    const layout = layoutOf({ latencyBoundSeconds: 10 });
    const { vector } = encodeSignal(layout, {
      reward_signals: { 'n:t': { success_rate: 1, avg_latency: 1e9, total_samples: 3 } },
    });
    expect(decode(layout, vector).signal.reward_signals['n:t'].avg_latency).toBeCloseTo(10, 3);
  });
});

function observationShape() {
  return {
    model: fc.constant('m'),
    task: fc.constant('t'),
    success: fc.boolean(),
    quality: number(1),
    tokens: fc.integer({ min: 1, max: 1000 }),
  };
}
