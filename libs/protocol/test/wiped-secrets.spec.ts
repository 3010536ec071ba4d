/** A contribution that fails half-way leaves nothing of the vector in memory. */
import { type RandomBytes } from '@secagg/schema';
import { buildContribution, roundOf } from '../src';
import { quietFleet, random, Scenario } from './support/scenario';

const SEED_BYTES = 32;

it.each(['its seeds are drawn', 'its first box is sealed', 'its second box is sealed'])(
  'the vector is wiped when randomness fails as %s',
  (moment) => {
    const fleet = quietFleet(4, 2, 4);
    const scenario = new Scenario(fleet);
    const { verified: round } = roundOf(fleet.coordinator.state, scenario.key);
    const failing = ['its seeds are drawn', 'its first box is sealed', 'its second box is sealed'].indexOf(moment);
    const seedBytes = SEED_BYTES * round.epoch.pieces.length;
    let calls = 0;
    const breaking: RandomBytes = (length) => {
      if (calls++ === failing) throw new Error('no randomness');
      expect(calls > 1 || length === seedBytes).toBe(true);
      return random(length);
    };
    const vector = new Float64Array(round.dimension).fill(7);
    expect(() => buildContribution(round, fleet.routers[0].identity, vector, breaking, scenario.openMs)).toThrow(
      'no randomness',
    );
    expect(vector.every((value) => value === 0)).toBe(true);
  },
);
