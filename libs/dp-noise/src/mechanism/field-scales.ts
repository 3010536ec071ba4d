/**
 * How the clipping bound, and with it the noise, is spread over the fields of a request.
 *
 * All coordinates get noise of the same sigma in integer units, so a field's precision is decided by its scale k (integer
 * units per real unit): its noise is sigma/k real units. A request whose every field is at its maximum must fit the ball of
 * radius C, and C is shared out by weights: k_f max_f = C w_f/|w|. A field of weight 2 gets half the noise, relative to
 * its maximum, of a field of weight 1; the others pay for it.
 */
import { DpNoiseError } from '../errors';

export interface FieldRange {
  /** Largest value one request reports, in real units; above 0. Larger values are cut to it before scaling. */
  readonly maximum: number;
  /** Share of precision, above 0; 1 for all fields spreads the noise evenly relative to the maxima. */
  readonly weight: number;
}

/**
 * Scale of every field: the integer k_f = floor(C w_f/(|w| max_f)) of integer units per real unit.
 * @param bound C, integer units
 * @throws DpNoiseError `invalid` on an empty list, a range or weight not above 0, or a bound so small that a field would
 *   have scale 0 (all its values would round to nothing)
 */
export function fieldScales(fields: readonly FieldRange[], bound: number): number[] {
  const norm = Math.sqrt(fields.reduce((sum, { weight }) => sum + weight * weight, 0));
  if (!Number.isSafeInteger(bound) || bound < 1 || !(norm > 0)) throw new DpNoiseError('invalid', 'Fields and a positive integer bound are needed', { bound });
  return fields.map(({ maximum, weight }, field) => {
    // A relative margin of 2^-40 outweighs the rounding of this expression, so the maxima stay inside the ball.
    const scale = Math.floor(((bound * weight) / (norm * maximum)) * (1 - 2 ** -40));
    if (maximum > 0 && weight > 0 && scale >= 1 && Number.isSafeInteger(scale)) return scale;
    throw new DpNoiseError('invalid', 'A field cannot be scaled: its range, weight or the bound is unsuitable', { field, maximum, weight, bound });
  });
}

/**
 * Standard deviation of a field's noise in the opened sum, in real units: sqrt(contributors) s/k.
 * @param shareScale s: standard deviation of one router's share, integer units
 * @param contributors contributions in the sum, all of them noisy
 */
export function fieldNoise(scale: number, shareScale: number, contributors: number): number {
  return (Math.sqrt(contributors) * shareScale) / scale;
}
