import { type KeyDetails } from '@secagg/schema';
import { figuresOf } from './figures';
import { RoutingJudge } from './routing';

const truth = {
  'm:a': { success_rate: 0.5, avg_latency: 2, total_samples: 100, cost_efficiency: 1e-5 },
  'm:b': { success_rate: 0.9, avg_latency: 4, total_samples: 10, cost_efficiency: 2e-5 },
};
const details = (success: number): KeyDetails => ({
  standard_errors: { total_samples: 10, success_rate: 0.1, avg_latency: 1 },
  unclamped: { total_samples: 115, success_rate: success, avg_latency: 4.5 },
  clamped: [],
});
/** Key b withheld; the count of a is 1.5, its latency 2.5 standard errors off. */
const result = (success: number) => ({
  counts: new Map([
    ['m:a', 115],
    ['m:b', 30],
  ]),
  result: {
    signal: { reward_signals: { 'm:a': { success_rate: Math.min(1, success), avg_latency: 4.5, total_samples: 115 } } },
    details: { 'm:a': details(success) },
  },
});

const figures = figuresOf(truth, new RoutingJudge(truth), [result(0.55), result(1.05)]);

it('takes errors of what is published, and of the counts of all keys', () => {
  expect(figures.errors.success_rate.median).toBeCloseTo(0.275, 12);
  expect(figures.errors.avg_latency).toEqual({ median: 2.5, p90: 2.5 });
  expect(figures.errors.cost_efficiency).toEqual({ median: null, p90: null });
  expect(figures.count_error.median).toBeCloseTo((0.15 + 2) / 2, 12);
  expect(figures.withheld).toBe(0.5);
});

it('takes coverage before clamping', () => {
  // Standardised: 1.5 and 2.5 twice, 0.5, and 5.5, which is 5 after clamping.
  expect(figures.coverage).toEqual({ within_1: 1 / 6, within_2: 3 / 6, numbers: 6 });
});
