import { SecaggError } from '../problems';
import { joinKey } from '../signal/key';
import { type RewardObservation } from '../signal/observation';
import { encodeObservation } from './encode-observation';
import { layoutDimension, type RoundLayout } from './layout';

export interface Accumulated {
  /** Length d, integers: the sum of the observations' own vectors, each clamped by itself (privacy unit `request`). */
  readonly vector: Float64Array;
  /** Observations that are in the vector. */
  readonly taken: number;
  /** Observations by key that the catalogue lacks: for the router's own operator only. */
  readonly missing: ReadonlyMap<string, number>;
}

/**
 * One router's vector of a round from its valid observations.
 * Throws `invalid` when more than `max_requests_per_router` of them are in the catalogue: the caller chooses which to
 * send.
 */
export function accumulate(layout: RoundLayout, observations: Iterable<RewardObservation>): Accumulated {
  const width = layout.fields.length;
  const vector = new Float64Array(layoutDimension(layout));
  const one = new Float64Array(width);
  const missing = new Map<string, number>();
  let taken = 0;
  for (const observation of observations) {
    const index = encodeObservation(layout, observation, one);
    if (index < 0) {
      const key = joinKey(observation.model, observation.task);
      missing.set(key, (missing.get(key) ?? 0) + 1);
      continue;
    }
    if (++taken > layout.max_requests_per_router) {
      throw new SecaggError('invalid', `more than ${layout.max_requests_per_router} observations`, {
        path: 'observations',
      });
    }
    const start = index * width;
    for (let f = 0; f < width; f++) vector[start + f] += one[f];
  }
  return { vector, taken, missing };
}
