import fc from 'fast-check';
import { costOfSum, rhoToBudgetUnits } from '../accountant/round-cost';
import { isSupportedVariance } from '../samplers/variance';
import { honestQuorum, planNoise, type NoiseRequest } from './plan-noise';

const requests = fc.record({
  units: fc.integer({ min: 20, max: 46 }).chain((bits) => fc.integer({ min: 2 ** (bits - 1), max: 2 ** bits })),
  sensitivity: fc.integer({ min: 1, max: 2 ** 24 }),
  honestQuorum: fc.integer({ min: 1, max: 2000 }),
  dimension: fc.integer({ min: 1, max: 100_000 }),
});

function planned(request: NoiseRequest): ReturnType<typeof planNoise> | string {
  try {
    return planNoise(request);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('planNoise', () => {
  it('never costs more than allowed, hardly less, and refuses only for the stated reasons', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const plan = planned(request);
        const ideal = request.sensitivity ** 2 / (2 * request.honestQuorum * (request.units / 2 ** 40));
        if (plan === 'variance_out_of_range') return expect(ideal).toBeGreaterThan(2 ** 49);
        if (plan === 'tau_not_negligible') return expect(ideal).toBeLessThan(2.5);
        if (typeof plan === 'string') throw new Error(plan);
        const { shareVariance, worstCase } = plan;
        expect(isSupportedVariance(shareVariance)).toBe(true);
        expect(worstCase).toEqual(costOfSum({ ...request, shareVariance }, request.honestQuorum));
        expect(worstCase.units).toBeLessThanOrEqual(request.units);
        // The noise is at most 0.1% above the ideal, unless tau (up to 1%) or the sampler's floor asks for it.
        const variance = shareVariance.numerator / shareVariance.denominator;
        if (ideal > 4) expect(variance / ideal).toBeLessThan(1.001);
        expect(variance / ideal).toBeGreaterThan(1 - 1e-12);
      }),
      { numRuns: 500 },
    );
  });

  it('needs less noise per router the more honest ones are certain', () => {
    const base = { units: rhoToBudgetUnits(0.02), sensitivity: 100_000, dimension: 35 };
    const variance = (h: number): number => {
      const { numerator, denominator } = planNoise({ ...base, honestQuorum: h }).shareVariance;
      return numerator / denominator;
    };
    expect(variance(1) / variance(10)).toBeCloseTo(10, 6);
    expect(variance(1)).toBeCloseTo(1e10 / 0.04, -5);
  });

  it('plans no share below 1/2, however generous the budget', () => {
    const { shareVariance, worstCase } = planNoise({ units: 2 ** 50, sensitivity: 1, honestQuorum: 1, dimension: 10 });
    expect(shareVariance).toEqual({ numerator: 1, denominator: 4 });
    expect(worstCase.rho).toBe(2);
  });

  it('refuses', () => {
    const valid = { units: 2 ** 35, sensitivity: 1000, honestQuorum: 3, dimension: 10 };
    for (const change of [
      { units: 0 },
      { units: 1.5 },
      { sensitivity: 0 },
      { sensitivity: 2 ** 48 },
      { honestQuorum: 0 },
      { dimension: 0 },
    ]) {
      expect(planned({ ...valid, ...change })).toBe('invalid');
    }
    expect(planned({ ...valid, units: 1 })).toBe('variance_out_of_range');
    // Values of one unit with a generous budget: the noise would be narrower than the grid.
    expect(planned({ units: 2 ** 40, sensitivity: 1, honestQuorum: 100, dimension: 10 })).toBe('tau_not_negligible');
  });
});

describe('honestQuorum', () => {
  it('subtracts the assumed colluders', () => {
    expect(honestQuorum(5, 2)).toBe(3);
    for (const [least, colluders] of [
      [2, 2],
      [2, 3],
      [5, -1],
      [2.5, 1],
    ] as const) {
      expect(() => honestQuorum(least, colluders)).toThrow(expect.objectContaining({ code: 'no_honest_contribution' }));
    }
  });
});
