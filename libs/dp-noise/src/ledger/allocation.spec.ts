import fc from 'fast-check';
import { allocateRound, type Allocation } from './allocation';

describe('allocateRound', () => {
  it('fixed gives the same until it no longer fits', () => {
    const fixed: Allocation = { kind: 'fixed', units: 30 };
    expect([100, 30, 29, 0].map((remainingUnits) => allocateRound(fixed, { remainingUnits, rounds: 5 }))).toEqual([
      30, 30, 0, 0,
    ]);
  });

  it('horizon shares what remains among the rounds that remain, then stops', () => {
    const horizon: Allocation = { kind: 'horizon', rounds: 10 };
    expect(
      [
        [1000, 0],
        [900, 1],
        [950, 1],
        [100, 9],
        [50, 10],
        [0, 3],
      ].map(([remainingUnits, rounds]) => allocateRound(horizon, { remainingUnits: remainingUnits, rounds: rounds })),
    ).toEqual([100, 100, 105, 100, 0, 0]);
    expect(allocateRound(horizon, { remainingUnits: 1000, rounds: 0 }, 0.5)).toBe(200);
    expect(allocateRound(horizon, { remainingUnits: 100, rounds: 9 }, 0.5)).toBe(100);
  });

  it('decay takes a fraction of what remains, exactly for budgets past 2^50', () => {
    const decay: Allocation = { kind: 'decay', numerator: 1, denominator: 3 };
    expect(allocateRound(decay, { remainingUnits: 100, rounds: 0 })).toBe(33);
    expect(
      allocateRound(
        { kind: 'decay', numerator: 2 ** 40 - 1, denominator: 2 ** 40 },
        { remainingUnits: 2 ** 53 - 1, rounds: 0 },
      ),
    ).toBe(2 ** 53 - 2 ** 13 - 1);
    expect(allocateRound(decay, { remainingUnits: 2, rounds: 0 })).toBe(0);
  });

  it('never gives more than remains', () => {
    const allocations = fc.oneof(
      fc.record({ kind: fc.constant('fixed' as const), units: fc.integer({ min: 1 }) }),
      fc.record({ kind: fc.constant('horizon' as const), rounds: fc.integer({ min: 1 }) }),
      fc.integer({ min: 1 }).chain((denominator) =>
        fc.record({
          kind: fc.constant('decay' as const),
          numerator: fc.integer({ min: 1, max: denominator }),
          denominator: fc.constant(denominator),
        }),
      ),
    );
    fc.assert(
      fc.property(
        allocations,
        fc.maxSafeNat(),
        fc.nat(),
        fc.double({ min: 1e-3, max: 1, noNaN: true }),
        (allocation, remainingUnits, rounds, share) => {
          const units = allocateRound(allocation, { remainingUnits, rounds }, share);
          expect(Number.isSafeInteger(units) && units >= 0 && units <= remainingUnits).toBe(true);
        },
      ),
    );
  });

  it('refuses', () => {
    const balance = { remainingUnits: 1, rounds: 0 };
    for (const allocation of [
      { kind: 'fixed', units: 0 },
      { kind: 'horizon', rounds: 0.5 },
      { kind: 'decay', numerator: 2, denominator: 1 },
    ] as Allocation[]) {
      expect(() => allocateRound(allocation, balance)).toThrow(expect.objectContaining({ code: 'invalid' }));
    }
    for (const share of [0, 1.1, NaN])
      expect(() => allocateRound({ kind: 'horizon', rounds: 1 }, balance, share)).toThrow(
        expect.objectContaining({ code: 'invalid' }),
      );
  });
});
