import { decodeSums, defaultFields, type RoundLayout } from '@secagg/schema';
import { routersNeeded } from './routers-needed';

const layout: RoundLayout = {
  keys: ['m:t'],
  fields: defaultFields(),
  max_requests_per_router: 100,
  max_participants: 1e6,
  word_bits: 48,
};
const units = layout.fields[0].scale;
const noise = 50;

/** What decoding says of a key of which N routers sent `each` requests, all successful: the rate's worst case. */
const decoded = (routers: number, each: number) =>
  decodeSums(layout, Float64Array.of(routers * each * units, routers * each * units, 0), {
    noiseVariance: (noise * units) ** 2,
    header: {
      aggregation_round: 1,
      cluster_hash: 'ab'.repeat(16),
      timestamp: '2024-01-01T00:00:00Z',
      participant_count: 1,
    },
  });

it.each([1, 4, 7])('is where decoding begins to publish, at %d requests a router', (each) => {
  const routers = routersNeeded(noise, each);
  expect(Object.keys(decoded(routers, each).details)).toEqual(['m:t']);
  expect(decoded(routers - 1, each).withheld).toHaveLength(1);
});

it.each([0.05, 0.02])('is where the reported standard error reaches %d', (target) => {
  const routers = routersNeeded(noise, 4, target);
  const standardError = (n: number): number => decoded(n, 4).details['m:t'].standard_errors.success_rate;
  expect(standardError(routers)).toBeLessThanOrEqual(target);
  expect(standardError(routers - 1)).toBeGreaterThan(target);
});
