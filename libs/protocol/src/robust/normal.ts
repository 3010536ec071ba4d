/** The normal distribution and its relatives, as far as tests on groups need them. */

/** Density of the standard normal at x. */
export const normalDensity = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

const horner = (coefficients: readonly number[], x: number): number => coefficients.reduce((sum, c) => sum * x + c, 0);

const central = {
  top: [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
  ],
  bottom: [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1],
};
const tail = {
  top: [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ],
  bottom: [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1],
};

/**
 * Quantile of the standard normal for p in [0, 1]; relative error below 1.2e-9 (Acklam's rational approximation, 2003).
 */
export function normalQuantile(p: number): number {
  if (p <= 0) return -Infinity;
  if (p >= 1) return Infinity;
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return horner(tail.top, q) / horner(tail.bottom, q);
  }
  const q = p - 0.5;
  return (q * horner(central.top, q * q)) / horner(central.bottom, q * q);
}

/**
 * Quantile of chi-squared with n >= 1 degrees of freedom, p in (0, 1) (Wilson and Hilferty 1931); within 1% for p from
 * 0.99 to 0.999, within 3.5% for 1 or 2 degrees of freedom.
 */
export function chiSquaredQuantile(p: number, degrees: number): number {
  const c = 2 / (9 * degrees);
  return degrees * (1 - c + normalQuantile(p) * Math.sqrt(c)) ** 3;
}

/**
 * The standard normal deviate that is as unlikely as t under Student's distribution with `degrees` > 0 degrees of
 * freedom, which may be infinite (Wallace 1959, Ann. Math. Statist. 30, eq. 1.2 with his correction (8n+1)/(8n+3)).
 * Grows with sqrt(log|t|): a spread known from few groups gives no certainty, however far away a value lies.
 */
export function normalEquivalent(t: number, degrees: number): number {
  if (degrees === Infinity) return t;
  const magnitude = (Math.sqrt(degrees * Math.log1p((t * t) / degrees)) * (8 * degrees + 1)) / (8 * degrees + 3);
  return t < 0 ? -magnitude : magnitude;
}
