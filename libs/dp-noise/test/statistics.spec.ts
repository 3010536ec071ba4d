import { chiSquareTail, clopperPearsonLower, clopperPearsonUpper, lnGamma } from './support/statistics';

describe('test statistics', () => {
  it('match tables', () => {
    expect(lnGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12);
    expect(lnGamma(11)).toBeCloseTo(Math.log(3628800), 10);
    expect(chiSquareTail(3.841458820694124, 1)).toBeCloseTo(0.05, 12);
    expect(chiSquareTail(18.307038053275146, 10)).toBeCloseTo(0.05, 12);
    expect(chiSquareTail(149.4492526, 100)).toBeCloseTo(0.001, 8);
    // Even degrees have a closed form: a Poisson sum.
    expect(chiSquareTail(6, 4)).toBeCloseTo(Math.exp(-3) * 4, 12);
    // 10 of 10: the lower bound is alpha^(1/10).
    expect(clopperPearsonLower(10, 10, 0.05)).toBeCloseTo(0.05 ** 0.1, 9);
    expect(clopperPearsonUpper(0, 10, 0.05)).toBeCloseTo(1 - 0.05 ** 0.1, 9);
    expect(clopperPearsonLower(5, 10, 0.025)).toBeCloseTo(0.187086, 5);
  });
});
