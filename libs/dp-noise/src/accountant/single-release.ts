import { DpNoiseError } from '../errors';

/** Beyond this many standard deviations the mass is below 10^-340. */
const TAIL = 40;
const MAX_TERMS = 1e8;

/**
 * Exact delta of one release f(x) + N_Z(0, sigma^2) with an integer f of the given sensitivity: CKS 2020, theorem 7
 * (there for sensitivity 1), as the sum over y of max(0, Pr[y] - e^epsilon Pr[y + sensitivity]).
 *
 * The exact figure for a single integer; composition goes through zCDP.
 * @param variance sigma^2 > 0; sigma up to 10^6
 * @param epsilon at least 0
 * @param sensitivity integer, at least 1
 */
export function discreteGaussianDelta(variance: number, epsilon: number, sensitivity = 1): number {
  const sigma = Math.sqrt(variance);
  const valid =
    variance > 0 && epsilon >= 0 && Number.isFinite(epsilon) && Number.isSafeInteger(sensitivity) && sensitivity >= 1;
  if (!valid || !(TAIL * sigma + 1 < MAX_TERMS)) {
    throw new DpNoiseError('invalid', 'Variance, epsilon or sensitivity is out of range', {
      variance,
      epsilon,
      sensitivity,
    });
  }
  const weight = (y: number): number => Math.exp((-y * y) / (2 * variance));
  const last = Math.ceil(TAIL * sigma);
  let normalizer = 0;
  for (let y = last; y >= 1; y--) normalizer += weight(y);
  normalizer = 1 + 2 * normalizer;

  // ln Pr[y]/Pr[y+Delta] = Delta (2y + Delta)/(2 sigma^2) exceeds epsilon from `first` on; smallest terms are added
  // first.
  const lossAt = (y: number): number => (sensitivity * (2 * y + sensitivity)) / (2 * variance);
  const first = Math.max(-last, Math.floor((epsilon * variance) / sensitivity - sensitivity / 2));
  let delta = 0;
  for (let y = last; y >= first; y--) {
    const loss = lossAt(y);
    if (loss > epsilon) delta += weight(y) * -Math.expm1(epsilon - loss);
  }
  return delta / normalizer;
}
