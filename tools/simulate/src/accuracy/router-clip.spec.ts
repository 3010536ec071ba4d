import { epsilonToRho, planNoise, rhoToBudgetUnits } from '@secagg/dp-noise';
import { accumulate, defaultFields, type RewardObservation, type RoundLayout } from '@secagg/schema';
import fc from 'fast-check';
import { routerClipNorm } from './router-clip';

const fields = defaultFields({ cost: true, unitsPerRequest: 4096 });
const layoutOf = (keys: number): RoundLayout => ({
  keys: Array.from({ length: keys }, (_, k) => `m:${String(k).padStart(3, '0')}`),
  fields,
  max_requests_per_router: 4096,
  max_participants: 40,
  word_bits: 48,
});

it('leaves evenly spread traffic of the expected volume whole, whatever the requests are', () => {
  const request = fc.record({
    success: fc.boolean(),
    latency_s: fc.double({ noNaN: true, min: 0, max: 100 }),
    cost_usd: fc.double({ noNaN: true, min: 0, max: 0.01 }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 9 }), request, (keys, each, drawn) => {
      const layout = layoutOf(keys);
      const observations = layout.keys.flatMap((_, k) =>
        Array.from(
          { length: each },
          (): RewardObservation => ({ model: 'm', task: String(k).padStart(3, '0'), tokens: 10, ...drawn }),
        ),
      );
      expect(Math.hypot(...accumulate(layout, observations).vector)).toBeLessThanOrEqual(
        routerClipNorm(fields, keys, keys * each),
      );
    }),
    { numRuns: 50 },
  );
});

it.each([0.25, 4])('gives noise that the sampler makes at epsilon %d, from 40 routers to 10000', (epsilon) => {
  for (const honestQuorum of [40, 10_000]) {
    const request = {
      units: rhoToBudgetUnits(epsilonToRho(epsilon, 1e-6)),
      sensitivity: routerClipNorm(fields, 82, 550),
      honestQuorum,
      dimension: 82 * fields.length,
    };
    expect(planNoise(request).worstCase.units).toBeLessThanOrEqual(request.units);
  }
});
