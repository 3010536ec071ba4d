import { createMetrics } from '@secagg/metrics';
import { defaultFields, type RewardObservation } from '@secagg/schema';
import { type OptionalValue } from '../row';
import { boundsOf, countValues, DEFAULT_BOUNDS } from './count-values';
import { ValueLog } from './value-log';

const row = (change: Partial<RewardObservation> = {}, dropped: OptionalValue[] = []) => ({
  observation: { model: 'm', task: 't', success: true, latency_s: 1, ...change },
  dropped,
});
const rows = (count: number, change: Partial<RewardObservation> = {}) =>
  Array.from({ length: count }, () => row(change));
const layout = {
  keys: ['m:t'],
  fields: defaultFields({ latencyBoundSeconds: 10, cost: true, costBoundUsdPerToken: 1e-5 }),
};

describe('bounds', () => {
  it('are those of the layout, and of a default one before', () => {
    expect(boundsOf({ fields: defaultFields({ cost: true }) })).toEqual({
      latency_s: expect.closeTo(DEFAULT_BOUNDS.latency_s, 3),
      cost_usd: expect.closeTo(DEFAULT_BOUNDS.cost_usd as number, 9),
    });
    expect(boundsOf(layout).latency_s).toBeCloseTo(10, 3);
    expect(boundsOf({ fields: defaultFields({}) }).cost_usd).toBeUndefined();
  });
});

describe('values', () => {
  it('are counted by field and key where they are clipped or lost', () => {
    const notes = countValues(
      [
        row(),
        row({ latency_s: 1500 }),
        row({ task: 'u', latency_s: 61 }),
        row({ cost_usd: 1, tokens: 10 }),
        row({ cost_usd: 0.000001, tokens: 10 }),
        row({ cost_usd: 1 }),
        row({ cost_usd: 1, tokens: 0 }),
        row({}, ['tokens', 'quality']),
      ],
      DEFAULT_BOUNDS,
    );
    expect(notes).toEqual({
      clipped: { latency_s: { 'm:t': 1, 'm:u': 1 }, cost_usd: { 'm:t': 1 } },
      dropped: { cost_usd: { 'm:t': 2 }, tokens: { 'm:t': 1 }, quality: { 'm:t': 1 } },
      bounded: { latency_s: 8, cost_usd: 2 },
    });
  });

  it('are not clipped at their bound, nor where they are not collected', () => {
    expect(
      countValues([row({ latency_s: 60, cost_usd: 1, tokens: 1 })], { ...DEFAULT_BOUNDS, cost_usd: undefined }).clipped,
    ).toEqual({});
  });
});

describe('the log of values', () => {
  const metrics = createMetrics({ app: 'router-node', processMetrics: false });
  const log = { warn: jest.fn(), info: jest.fn() };
  let values: ValueLog;
  const add = (...given: ReturnType<typeof row>[]) => values.add(countValues(given, values.bounds));
  beforeEach(() => {
    jest.clearAllMocks();
    values = new ValueLog(metrics, log);
  });

  it('adds up, with keys of the catalogue alone in the metric, and no value anywhere', async () => {
    values.learn(layout);
    add(row({ latency_s: 1234 }), row({ task: 'other', latency_s: 1234 }), row({ cost_usd: 2 }));
    add(row({ latency_s: 1234 }));
    expect(values.status()).toMatchObject({
      bounds_known: true,
      clipped: { latency_s: { 'm:t': 2, 'm:other': 1 } },
      dropped: { cost_usd: { 'm:t': 1 } },
    });
    const text = await metrics.exposition();
    expect(text).toContain('router_values_clipped_total{field="latency_s",key="m:t"} 2');
    expect(text).toContain('router_values_clipped_total{field="latency_s",key="unlisted"} 1');
    expect(text).toContain('router_values_dropped_total{field="cost_usd",key="m:t"} 1');
    expect(`${text}${JSON.stringify(values.status())}`).not.toMatch(/1234|other".*key=/);
  });

  it('says once that a unit may be wrong, in the answer while it lasts, and once that it is well again', () => {
    expect(add(...rows(2, { latency_s: 1500 }))).toEqual([]);
    expect(add(row({ latency_s: 1500 }))).toEqual([expect.stringMatching(/^latency_s: 100 % .* 60 s .*milliseconds/)]);
    expect(add(row({ latency_s: 900 }))).toHaveLength(1);
    expect(add(row())).toEqual([]);
    expect(values.status().warnings).toHaveLength(1);
    expect(log.warn.mock.calls).toEqual([[{ field: 'latency_s', bound: 60 }, expect.any(String)]]);
    add(...rows(100));
    expect(values.status().warnings).toEqual([]);
    expect(log.info).toHaveBeenCalledTimes(1);
  });

  it('suspects costs, too, and not a few slow requests', () => {
    values.learn(layout);
    expect(add(...rows(50, { cost_usd: 300, tokens: 100 }))).toEqual([expect.stringMatching(/^cost_usd: .*cents/)]);
    expect(add(...rows(95), ...rows(5, { latency_s: 70 }))).toEqual([]);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it('holds a bounded number of keys', () => {
    add(...Array.from({ length: 1500 }, (_, i) => row({ task: `t${i}`, latency_s: 100 })));
    const { clipped } = values.status();
    expect(Object.keys(clipped.latency_s ?? {})).toHaveLength(1001);
    expect(clipped.latency_s?.['(other keys)']).toBe(500);
  });
});
