import fc from 'fast-check';
import { costOfRound, costOfSum, rhoToBudgetUnits, UNITS_PER_RHO, unitsToRho } from './round-cost';

const release = { shareVariance: { numerator: 10_000, denominator: 1 }, sensitivity: 300, dimension: 14 };

describe('costOfSum', () => {
  it('is rho in units of 2^-40, rounded up', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 2 ** 31 }),
        fc.integer({ min: 1, max: 2 ** 16 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 5000 }),
        (numerator, denominator, sensitivity, contributors) => {
          fc.pre(numerator / denominator > 4 && sensitivity ** 2 * denominator < numerator * contributors * 8000);
          const cost = costOfSum(
            { shareVariance: { numerator, denominator }, sensitivity, dimension: 7 },
            contributors,
          );
          // 2^40 Delta^2 b <= units 2 N a, as integers: the charge never falls short.
          const [needed, charged] = [
            (BigInt(sensitivity) ** 2n * BigInt(denominator)) << 39n,
            BigInt(cost.units) * BigInt(contributors) * BigInt(numerator),
          ];
          expect(charged).toBeGreaterThanOrEqual(needed);
          expect(cost.units).toBeGreaterThanOrEqual(cost.rho * UNITS_PER_RHO * (1 - 1e-12));
          expect(cost.units).toBeLessThanOrEqual(cost.rho * UNITS_PER_RHO * (1 + 1e-12) + 3);
        },
      ),
    );
  });

  it('is exact where rho is a whole number of units and one share needs no tau', () => {
    expect(costOfSum({ shareVariance: { numerator: 1, denominator: 1 }, sensitivity: 1, dimension: 5 }, 1).units).toBe(
      2 ** 39,
    );
    expect(costOfSum({ shareVariance: { numerator: 4, denominator: 1 }, sensitivity: 1, dimension: 5 }, 1).units).toBe(
      2 ** 37,
    );
    expect(costOfSum({ shareVariance: { numerator: 3, denominator: 1 }, sensitivity: 1, dimension: 5 }, 1).units).toBe(
      Math.ceil(2 ** 39 / 3),
    );
    // Two shares: tau adds a unit even where it is far below one.
    expect(
      costOfSum({ shareVariance: { numerator: 1024, denominator: 1 }, sensitivity: 32, dimension: 5 }, 2).units,
    ).toBe(2 ** 38 + 1);
  });

  it('charges for tau where it counts', () => {
    const { units, tau } = costOfSum(
      { shareVariance: { numerator: 1, denominator: 1 }, sensitivity: 1, dimension: 1 },
      2,
    );
    expect(units).toBeGreaterThan(2 ** 38 + 0.7 * tau * UNITS_PER_RHO);
    expect(units).toBeLessThanOrEqual(Math.ceil(2 ** 38 + tau * UNITS_PER_RHO));
  });

  it('refuses', () => {
    expect(() => costOfSum({ ...release, sensitivity: 2 ** 40 }, 1)).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
    expect(() => costOfSum({ ...release, sensitivity: 1.5 }, 1)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => costOfSum({ ...release, shareVariance: { numerator: 1, denominator: 4 } }, 100)).toThrow(
      expect.objectContaining({ code: 'tau_not_negligible' }),
    );
    for (const contributors of [1, 100])
      expect(() => costOfSum({ ...release, shareVariance: { numerator: 15, denominator: 64 } }, contributors)).toThrow(
        expect.objectContaining({ code: 'noise_too_narrow' }),
      );
    expect(() => costOfSum({ ...release, shareVariance: { numerator: 1, denominator: 0 } }, 1)).toThrow(
      expect.objectContaining({ code: 'variance_out_of_range' }),
    );
  });
});

describe('costOfRound', () => {
  it('is the cost of the smallest group without its colluders', () => {
    expect(costOfRound(release, [12, 9, 30], 2)).toEqual(costOfSum(release, 7));
    const each = [12, 9, 30].map((size) => costOfSum(release, size - 2).units);
    expect(costOfRound(release, [12, 9, 30], 2).units).toBe(Math.max(...each));
  });

  it('never exceeds the worst case charged, for any set', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4000 }),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 5000 }),
        fc.integer({ min: 1, max: 1000 }),
        (numerator, sensitivity, h, more, dimension) => {
          const narrow = { shareVariance: { numerator, denominator: 500 }, sensitivity, dimension };
          fc.pre(numerator >= 32);
          const worst = (() => {
            try {
              return costOfSum(narrow, h).units;
            } catch {
              return undefined;
            }
          })();
          fc.pre(worst !== undefined);
          expect(costOfRound(narrow, [h + more + 3], 3).units).toBeLessThanOrEqual(worst);
        },
      ),
    );
    // One unit of rho: the extra unit for tau must not show either.
    const faint = { shareVariance: { numerator: 2 ** 39, denominator: 1 }, sensitivity: 1, dimension: 1 };
    expect(costOfRound(faint, [2], 0).units).toBeLessThanOrEqual(costOfSum(faint, 1).units);
  });

  it('refuses groups of colluders only, and none', () => {
    expect(() => costOfRound(release, [5, 2], 2)).toThrow(expect.objectContaining({ code: 'no_honest_contribution' }));
    expect(() => costOfRound(release, [], 0)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => costOfRound(release, [5], -1)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

describe('budget units', () => {
  it('round down', () => {
    expect(rhoToBudgetUnits(0.5)).toBe(2 ** 39);
    expect(unitsToRho(rhoToBudgetUnits(1 / 3))).toBeLessThanOrEqual(1 / 3);
    for (const rho of [-1, NaN, 8192, Infinity])
      expect(() => rhoToBudgetUnits(rho)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});
