import { joinKey } from '../signal/key';
import { costPerToken, type RewardObservation } from '../signal/observation';
import { type FieldName, type FieldSpec } from './fields';
import { keyIndex, type RoundLayout } from './layout';

/** Units of one natural value >= 0: to the nearest unit (halves up), at most the bound, less the centre. */
export const encodeValue = (field: FieldSpec, value: number): number =>
  Math.min(Math.round(value * field.scale), field.bound_units) - field.centre_units;

/** Natural value of a field in one observation; undefined when the observation does not have it. */
function naturalValue(name: FieldName, observation: RewardObservation, cost: number | undefined): number | undefined {
  switch (name) {
    case 'samples':
      return 1;
    case 'successes':
      return Number(observation.success);
    case 'latency':
      return observation.latency_s;
    case 'quality':
      return observation.quality;
    case 'quality_samples':
      return observation.quality === undefined ? undefined : 1;
    case 'cost':
      return cost;
    case 'cost_samples':
      return cost === undefined ? undefined : 1;
  }
}

/**
 * Writes what one valid observation adds to the coordinates of its key into `out` (length F, overwritten; integers of
 * magnitude at most `fieldMagnitude`, 0 for what the observation lacks) and returns the key's index; returns -1,
 * leaving `out` alone, when the catalogue lacks the key.
 */
export function encodeObservation(layout: RoundLayout, observation: RewardObservation, out: Float64Array): number {
  const index = keyIndex(layout, joinKey(observation.model, observation.task));
  if (index < 0) return -1;
  const cost = costPerToken(observation);
  for (let f = 0; f < layout.fields.length; f++) {
    const field = layout.fields[f];
    const value = naturalValue(field.name, observation, cost);
    out[f] = value === undefined ? 0 : encodeValue(field, value);
  }
  return index;
}
