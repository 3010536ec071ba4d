// What a round costs (docs/protocol.md, "Privacy cost and ledger"): units of 2^-40 rho exactly in integers, tau and
// epsilon in doubles.
import { check } from './errors.mjs';

const UNITS_PER_RHO = 2 ** 40;

// Undefined when tau is not negligible, that is when rho exceeds u^2/2 by more than 1%.
function unitsFor(config, counted) {
  const {
    clip_norm: clip,
    noise_variance_numerator: numerator,
    noise_variance_denominator: denominator,
  } = config.privacy;
  const dimension = config.layout.keys.length * config.layout.fields.length;
  check(4 * numerator >= denominator, 'policy', 'announcement: noise of one router below 1/2');
  const variance = numerator / denominator;
  const deviation = Math.sqrt(variance);
  let tau = 0;
  for (let k = 1; k < counted; k++) tau += Math.exp((-2 * Math.PI ** 2 * variance * k) / (k + 1));
  tau *= 10;
  const u = clip / (Math.sqrt(counted) * deviation);
  const ideal = u ** 2 / 2;
  const rho = Math.min(ideal + tau * dimension, (u + Math.sqrt(dimension) * tau) ** 2 / 2);
  if (rho > ideal * 1.01) return undefined;
  const surplus = Math.min(tau * dimension, Math.sqrt(dimension) * tau * u + (dimension * tau ** 2) / 2);
  const extra = counted === 1 ? 0n : BigInt(Math.max(1, Math.ceil(surplus * (1 + 1e-12) * UNITS_PER_RHO)));
  const top = BigInt(UNITS_PER_RHO) * BigInt(clip) ** 2n * BigInt(denominator);
  const shared = ceilDivide(top, 2n * BigInt(counted) * BigInt(numerator)) + extra;
  const alone = ceilDivide(top, 2n * BigInt(numerator));
  return shared < alone ? shared : alone;
}

const ceilDivide = (a, b) => (a + b - 1n) / b;

export function worstCaseUnits(config) {
  const units = unitsFor(config, config.min_participants_per_group - config.privacy.assumed_colluders);
  check(units !== undefined, 'policy', 'announcement: noise too small for the discrete sum');
  return units;
}

export function actualUnits(config, smallestGroup) {
  for (let counted = smallestGroup - config.privacy.assumed_colluders; counted > 1; counted--) {
    const units = unitsFor(config, counted);
    if (units !== undefined) return units;
  }
  return unitsFor(config, 1);
}

export const rhoOf = (units) => Number(units) / UNITS_PER_RHO;

// The least epsilon over alpha > 1, by golden section over ln(alpha - 1): the function falls, then rises.
export function epsilonOf(rho, delta) {
  const at = (x) => {
    const above = Math.exp(x);
    const alpha = 1 + above;
    return alpha * rho + (-alpha * Math.log1p(1 / above) - x - Math.log(delta)) / above;
  };
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = -40;
  let high = 60;
  for (let step = 0; step < 200; step++) {
    const left = high - ratio * (high - low);
    const right = low + ratio * (high - low);
    if (at(left) <= at(right)) high = right;
    else low = left;
  }
  return Math.max(0, at((low + high) / 2));
}
