import fc from 'fast-check';
import { fixed, ln, ONE, over, times, toNumber } from '../../test/support/exact-logarithm';
import { epsilonToRho, rhoToDelta, rhoToEpsilon } from './conversion';

const published: [number, number, number][] = [
  [1 / 32, 1e-3, 0.6880024554878086],
  [0.5, 1e-6, 5.221534444530169],
  [0.1, 1e-6, 2.141938928385474],
  [0.01, 1e-9, 0.8101744678675342],
];

/** Of a function that falls and then grows: golden section, in the logarithm of beta = alpha - 1. */
function leastOverOrders(at: (beta: bigint, lnBeta: bigint, lnAlpha: bigint) => bigint): bigint {
  const valueAt = (lnBeta: number): bigint => {
    const beta = fixed(Math.exp(lnBeta));
    return at(beta, ln(beta), ln(ONE + beta));
  };
  const section = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(1e-15), Math.log(1e15)];
  let [one, other] = [high - section * (high - low), low + section * (high - low)];
  let [atOne, atOther] = [valueAt(one), valueAt(other)];
  // To 10^-12 of beta: near its minimum a function shows the square of that.
  while (high - low > 1e-12) {
    if (atOne < atOther) {
      [high, other, atOther] = [other, one, atOne];
      one = high - section * (high - low);
      atOne = valueAt(one);
    } else {
      [low, one, atOne] = [one, other, atOther];
      other = low + section * (high - low);
      atOther = valueAt(other);
    }
  }
  return atOne < atOther ? atOne : atOther;
}

/** The least ln delta over all orders, as printed in CKS 2020, corollary 13. */
function exactLnDelta(rho: number, epsilon: number): bigint {
  const [r, e] = [fixed(rho), fixed(epsilon)];
  return leastOverOrders(
    (beta, lnBeta, lnAlpha) => times(beta, times(ONE + beta, r) - e) + times(ONE + beta, lnBeta - lnAlpha) - lnBeta,
  );
}

/** The least epsilon over all orders: the same, solved for it. */
function exactEpsilon(rho: number, delta: number): bigint {
  const [r, lnDelta] = [fixed(rho), lnOf(delta)];
  return leastOverOrders(
    (beta, lnBeta, lnAlpha) => times(ONE + beta, r) + lnBeta - lnAlpha - over(lnDelta + lnAlpha, beta),
  );
}

/** ln of a double, also of one below 2^-240. */
const lnOf = (value: number): bigint =>
  value < 1e-50 ? ln(fixed(value * 2 ** 1000)) - 1000n * ln(2n * ONE) : ln(fixed(value));

const relative = (value: number, expected: number): number => Math.abs(value / expected - 1);
const logarithmic = (min: number, max: number) =>
  fc.double({ min: Math.log(min), max: Math.log(max), noNaN: true }).map(Math.exp);
const rhos = logarithmic(1e-8, 50);
const deltas = logarithmic(1e-15, 0.05);
/** From the unit of a ledger on. */
const allRhos = logarithmic(2 ** -40, 100);

describe('zCDP conversion', () => {
  it.each(published)('meets the published value for rho %d, delta %d', (rho, delta, epsilon) => {
    expect(relative(rhoToEpsilon(rho, delta), epsilon)).toBeLessThan(1e-9);
    expect(relative(rhoToDelta(rho, epsilon), delta)).toBeLessThan(1e-9);
    expect(relative(epsilonToRho(epsilon, delta), rho)).toBeLessThan(1e-9);
  });

  const isLeastDelta = (rho: number, epsilon: number): void => {
    const exact = exactLnDelta(rho, epsilon);
    const least = toNumber(exact);
    const delta = rhoToDelta(rho, epsilon);
    if (least >= 0) return expect(delta).toBe(1);
    if (least < Math.log(1e-300)) return expect(delta).toBeLessThan(1.1e-300);
    const above = toNumber(lnOf(delta) - exact);
    expect(above).toBeGreaterThanOrEqual(0);
    expect(above).toBeLessThan(1e-14 * (20 - least));
  };
  const isLeastEpsilon = (rho: number, delta: number): void => {
    const exact = exactEpsilon(rho, delta);
    const least = toNumber(exact);
    const epsilon = rhoToEpsilon(rho, delta);
    if (least < 0) return expect(epsilon).toBeLessThan(1e-14);
    const above = toNumber(fixed(epsilon) - exact);
    expect(above).toBeGreaterThanOrEqual(0);
    expect(above).toBeLessThan(1e-13 * least + 1e-14);
  };

  it('is the least delta over all orders, and never below it', () => {
    fc.assert(
      fc.property(
        allRhos,
        // Around where delta is neither 1 nor 0, also at the smallest rho.
        fc.oneof(logarithmic(1e-6, 100), fc.double({ min: 0, max: 38, noNaN: true })),
        fc.boolean(),
        (rho, size, scaled) => isLeastDelta(rho, scaled ? rho + size * Math.sqrt(2 * rho) : size),
      ),
      { numRuns: 150 },
    );
  });

  it('is the least epsilon over all orders, and never below it', () => {
    fc.assert(
      fc.property(allRhos, fc.oneof(logarithmic(1e-300, 0.9), deltas), (rho, delta) => isLeastEpsilon(rho, delta)),
      { numRuns: 150 },
    );
  });

  it.each([
    // Where ln(beta) - ln(alpha), times an order of 160,000, was too small by 4e-11, and the search of an earlier test
    // ended before that order.
    [1.005e-8, 0.00328],
    [1.3122612287961026e-8, 0.004507775608775696],
    [2 ** -40, 0.00003],
  ])('is not below it where the best order is large: rho %d, epsilon %d', isLeastDelta);

  it('inverts, rounding budgets down', () => {
    fc.assert(
      fc.property(rhos, deltas, (rho, delta) => {
        const epsilon = rhoToEpsilon(rho, delta);
        fc.pre(epsilon > 0);
        expect(relative(rhoToDelta(rho, epsilon), delta)).toBeLessThan(1e-8);
        const back = epsilonToRho(epsilon, delta);
        expect(rhoToEpsilon(back, delta)).toBeLessThanOrEqual(epsilon);
        expect(relative(back, rho)).toBeLessThan(1e-8);
      }),
    );
  });

  it('grows with rho and falls with delta', () => {
    fc.assert(
      fc.property(rhos, deltas, (rho, delta) => {
        expect(rhoToEpsilon(rho * 1.01, delta)).toBeGreaterThanOrEqual(rhoToEpsilon(rho, delta));
        expect(rhoToEpsilon(rho, delta / 2)).toBeGreaterThanOrEqual(rhoToEpsilon(rho, delta));
      }),
    );
  });

  it('is never below what a Gaussian of the same rho really has', () => {
    // delta of the Gaussian mechanism (Balle and Wang 2018, theorem 8) by integrating the positive part of p -
    // e^epsilon q.
    const gaussianDelta = (rho: number, epsilon: number): number => {
      const shift = Math.sqrt(2 * rho);
      const step = 1e-4;
      let delta = 0;
      for (let x = -12; x <= 12 + shift; x += step) {
        const gain = Math.exp(-((x - shift) ** 2) / 2) - Math.exp(epsilon - (x * x) / 2);
        if (gain > 0) delta += gain * step;
      }
      return delta / Math.sqrt(2 * Math.PI);
    };
    for (const [rho, delta] of [
      [0.5, 1e-6],
      [0.1, 1e-6],
      [0.02, 1e-5],
      [2, 1e-3],
    ] as const) {
      const exact = gaussianDelta(rho, rhoToEpsilon(rho, delta));
      expect(exact).toBeLessThan(delta);
      expect(exact).toBeGreaterThan(delta / 20);
    }
  });

  it('handles the ends of its range', () => {
    expect(rhoToEpsilon(0, 1e-6)).toBe(0);
    expect(rhoToDelta(0, 1)).toBe(0);
    expect(rhoToDelta(100, 0)).toBe(1);
    expect(rhoToEpsilon(1e-12, 0.9)).toBe(0);
    expect(rhoToEpsilon(1000, 1e-300)).toBeGreaterThan(1000);
    expect(rhoToDelta(1e-6, 100)).toBe(Number.MIN_VALUE);
    for (const call of [
      () => rhoToEpsilon(-1, 0.1),
      () => rhoToEpsilon(1, 0),
      () => rhoToEpsilon(1, 1),
      () => rhoToDelta(1, -1),
      () => epsilonToRho(0, 0.1),
      () => rhoToEpsilon(NaN, 0.1),
      () => rhoToEpsilon(1, NaN),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'invalid' }));
    }
  });
});
