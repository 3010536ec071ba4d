/**
 * Between rho-zCDP and (epsilon, delta): Canonne, Kamath, Steinke 2020, corollary 13, at the best order alpha = 1 +
 * beta: delta = exp(beta ((1 + beta) rho - epsilon) - (1 + beta) ln(1 + 1/beta))/beta.
 *
 * ln delta is convex in alpha and the optimality conditions are monotone, so bisection on ln beta finds the optimum.
 * Every order gives figures that hold, so a missed optimum is safe, and near it the figures are flat. What is left is
 * rounding, and it goes up: a bound on it is added, so no epsilon and no delta is ever below the least one over all
 * orders. It is above it by at most
 *
 *   delta     10^-14 (20 + ln(1/delta)), relative
 *   epsilon   10^-13, relative, and 10^-14
 *
 * as long as the best beta is in [10^-15, 10^15], which it is for rho from 2^-40 (the unit of all ledgers) to 100, with
 * delta from 10^-300 to 0.9. Beyond these the figures still hold. A delta too small for a number is given as the
 * smallest there is.
 */
import { DpNoiseError } from '../errors';

const LN_BETA_MIN = Math.log(1e-15);
const LN_BETA_MAX = Math.log(1e15);
const BISECTIONS = 200;
/**
 * Bounds the rounding of a sum, relative to the sum of its terms' sizes: each has at most six roundings of half an
 * epsilon, one ulp for a logarithm.
 */
const ROUNDING = 8 * Number.EPSILON;

function assertIn(name: string, value: number, valid: boolean): void {
  if (!valid) throw new DpNoiseError('invalid', `${name} is out of its range`, { [name]: value });
}
const assertRho = (rho: number): void => assertIn('rho', rho, rho >= 0 && Number.isFinite(rho));
const assertDelta = (delta: number): void => assertIn('delta', delta, delta > 0 && delta < 1);
const assertEpsilon = (epsilon: number): void => assertIn('epsilon', epsilon, epsilon >= 0 && Number.isFinite(epsilon));

/** Root of an increasing function of beta. */
function increasingRoot(f: (beta: number) => number): number {
  let [low, high] = [LN_BETA_MIN, LN_BETA_MAX];
  for (let i = 0; i < BISECTIONS && low < high; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (f(Math.exp(middle)) < 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** Not below the exact sum of what the terms stand for. */
function sumRoundedUp(...terms: readonly number[]): number {
  let [sum, size] = [0, 0];
  for (const term of terms) [sum, size] = [sum + term, size + Math.abs(term)];
  return sum + ROUNDING * size;
}

/**
 * Smallest epsilon such that rho-zCDP implies (epsilon, delta)-DP by corollary 13; 0 for rho = 0.
 * @param rho at least 0
 * @param delta in (0, 1)
 */
export function rhoToEpsilon(rho: number, delta: number): number {
  assertRho(rho);
  assertDelta(delta);
  if (rho === 0) return 0;
  // Solved for epsilon: alpha rho - ln(1 + 1/beta) - ln(alpha delta)/beta; its derivative vanishes where rho beta^2 +
  // ln(alpha delta) = 0.
  const lnDelta = Math.log(delta);
  const beta = increasingRoot((b) => rho * b * b + Math.log1p(b) + lnDelta);
  // Not ln(beta) - ln(alpha): for a large beta little is left of that, and the order of some 10^5 that a small rho has
  // multiplies its error.
  return Math.max(0, sumRoundedUp((1 + beta) * rho, -Math.log1p(1 / beta), -lnDelta / beta, -Math.log1p(beta) / beta));
}

/**
 * Smallest delta such that rho-zCDP implies (epsilon, delta)-DP by corollary 13; 0 for rho = 0.
 * @param rho at least 0
 * @param epsilon at least 0
 */
export function rhoToDelta(rho: number, epsilon: number): number {
  assertRho(rho);
  assertEpsilon(epsilon);
  if (rho === 0) return 0;
  const beta = increasingRoot((b) => (1 + 2 * b) * rho - epsilon - Math.log1p(1 / b));
  const lnDelta = sumRoundedUp(
    beta * (1 + beta) * rho,
    -beta * epsilon,
    -(1 + beta) * Math.log1p(1 / beta),
    -Math.log(beta),
  );
  return Math.min(1, Math.max(Number.MIN_VALUE, Math.exp(lnDelta) * (1 + ROUNDING)));
}

/**
 * Largest rho whose epsilon at delta is at most `epsilon`, rounded down: what a budget of (epsilon, delta) allows.
 * @param epsilon above 0
 * @param delta in (0, 1)
 */
export function epsilonToRho(epsilon: number, delta: number): number {
  assertIn('epsilon', epsilon, epsilon > 0 && Number.isFinite(epsilon));
  assertDelta(delta);
  // rho-zCDP implies epsilon >= rho for delta < 1/e or so; doubling finds an upper end in every case.
  let [low, high] = [0, epsilon];
  while (rhoToEpsilon(high, delta) <= epsilon) [low, high] = [high, high * 2];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (rhoToEpsilon(middle, delta) <= epsilon) low = middle;
    else high = middle;
  }
  return low;
}
