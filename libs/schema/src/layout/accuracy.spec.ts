import { gaussianFrom, uniform } from '@secagg/testbed/random';
import { type RewardObservation } from '../signal/observation';
import { signalFromObservations } from '../signal/from-observations';
import { accumulate } from './accumulate';
import { decodeSums, type Measure } from './decode';
import { defaultFields } from './default-fields';
import { type RoundLayout } from './layout';
import { requestNorm } from './request-norm';

const random = uniform(20240101);
const gaussian = gaussianFrom(random);

const header = {
  aggregation_round: 1,
  cluster_hash: 'ab'.repeat(16),
  timestamp: '2024-01-01T00:00:00Z',
  participant_count: 1,
};
const MEASURES: Measure[] = ['total_samples', 'success_rate', 'avg_latency', 'quality_score', 'cost_efficiency'];

/** Keys with 60 to 2000 requests, success rates and latencies far from and near to the ends of their ranges. */
function traffic(): RewardObservation[] {
  return [60, 100, 200, 500, 2000].flatMap((requests, k) =>
    Array.from({ length: requests }, (_, i) => ({
      model: 'm',
      task: String(k),
      success: random() < 0.1 + 0.2 * k,
      latency_s: 2 + 10 * k * random(),
      // Every tenth request has no quality, every fifth no cost.
      ...(i % 10 ? { quality: 0.5 + 0.5 * random() } : {}),
      ...(i % 5 ? { cost_usd: 1e-3 * random(), tokens: 20 } : {}),
    })),
  );
}

describe('reported standard errors', () => {
  it('are those of the estimates: standardised errors have mean 0 and standard deviation 1', () => {
    const rows = traffic();
    const layout: RoundLayout = {
      keys: ['m:0', 'm:1', 'm:2', 'm:3', 'm:4'],
      fields: defaultFields({ quality: true, cost: true }),
      max_requests_per_router: 10000,
      max_participants: 100,
      word_bits: 48,
    };
    const truth = signalFromObservations(rows, header).reward_signals;
    const { vector } = accumulate(layout, rows);
    // rho = sensitivity^2 / (2 sigma^2) = 0.08 for one request: the smallest key's count is some 9 of its standard
    // errors.
    const sigma = 2.5 * requestNorm(layout);
    const errors = new Map<Measure, number[]>(MEASURES.map((measure) => [measure, []]));
    for (let trial = 0; trial < 1000; trial++) {
      const sums = vector.map((sum) => Math.round(sum + sigma * gaussian()));
      const { details } = decodeSums(layout, sums, { noiseVariance: sigma ** 2, header });
      for (const [key, { standard_errors: standardErrors, unclamped }] of Object.entries(details)) {
        for (const measure of MEASURES) {
          const [value, standardError, expected] = [unclamped[measure], standardErrors[measure], truth[key][measure]];
          if (value === undefined || standardError === undefined || expected === undefined) continue;
          errors.get(measure)?.push((value - expected) / standardError);
        }
      }
    }
    for (const [measure, values] of errors) {
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1));
      expect({
        measure,
        enough: values.length > 4500,
        centred: Math.abs(mean) < 0.06,
        spread: Math.abs(deviation - 1) < 0.05,
      }).toEqual({
        measure,
        enough: true,
        centred: true,
        spread: true,
      });
    }
  });
});
