/**
 * Between rho-zCDP and (epsilon, delta): Canonne, Kamath, Steinke 2020, corollary 13, at the best order alpha:
 * delta = exp((alpha-1)(alpha rho - epsilon) + alpha ln(1 - 1/alpha))/(alpha - 1).
 *
 * ln delta is convex in alpha and the optimality conditions are monotone, so bisection on ln(alpha - 1) finds the optimum;
 * near it the figures are flat, so its own error does not show. Results hold for every alpha: none is ever too small by
 * more than rounding (1e-14 relative).
 */
import { DpNoiseError } from '../errors';

const LN_BETA_MIN = Math.log(1e-15);
const LN_BETA_MAX = Math.log(1e15);
const BISECTIONS = 200;

function assertIn(name: string, value: number, valid: boolean): void {
  if (!valid) throw new DpNoiseError('invalid', `${name} is out of its range`, { [name]: value });
}
const assertRho = (rho: number): void => assertIn('rho', rho, rho >= 0 && Number.isFinite(rho));
const assertDelta = (delta: number): void => assertIn('delta', delta, delta > 0 && delta < 1);
const assertEpsilon = (epsilon: number): void => assertIn('epsilon', epsilon, epsilon >= 0 && Number.isFinite(epsilon));

/** Root of an increasing function of beta = alpha - 1. */
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

/**
 * Smallest epsilon such that rho-zCDP implies (epsilon, delta)-DP by corollary 13; 0 for rho = 0.
 * @param rho at least 0
 * @param delta in (0, 1)
 */
export function rhoToEpsilon(rho: number, delta: number): number {
  assertRho(rho);
  assertDelta(delta);
  if (rho === 0) return 0;
  // Solved for epsilon: alpha rho + ln(1 - 1/alpha) - ln(alpha delta)/(alpha - 1); its derivative vanishes where
  // rho (alpha-1)^2 + ln(alpha delta) = 0.
  const lnDelta = Math.log(delta);
  const beta = increasingRoot((b) => rho * b * b + Math.log1p(b) + lnDelta);
  const lnAlpha = Math.log1p(beta);
  return Math.max(0, (1 + beta) * rho + Math.log(beta) - lnAlpha - (lnDelta + lnAlpha) / beta);
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
  const beta = increasingRoot((b) => (1 + 2 * b) * rho - epsilon + Math.log(b) - Math.log1p(b));
  const lnRatio = Math.log(beta) - Math.log1p(beta);
  return Math.min(1, Math.exp(beta * ((1 + beta) * rho - epsilon) + (1 + beta) * lnRatio) / beta);
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
