import * as fc from 'fast-check';
import { defaultFields } from './default-fields';
import { requiredWordBits } from './word-bits';

const fields = (bound: number, centre: number) => [
  { name: 'samples' as const, scale: 1, bound_units: 1, centre_units: 0 },
  { name: 'latency' as const, scale: 3, bound_units: bound, centre_units: centre },
];

describe('requiredWordBits', () => {
  it('is the smallest width that holds the largest sum with a sign and a margin bit', () => {
    const input = fc.record({
      bound: fc.integer({ min: 1, max: 2 ** 20 }),
      requests: fc.integer({ min: 1, max: 2 ** 10 }),
      participants: fc.integer({ min: 1, max: 2 ** 10 }),
      noise: fc.integer({ min: 0, max: 2 ** 40 }),
    });
    fc.assert(
      fc.property(input, fc.nat(), ({ bound, requests, participants, noise }, position) => {
        const centre = position % (bound + 1);
        const bits = requiredWordBits({
          fields: fields(bound, centre),
          max_requests_per_router: requests,
          max_participants: participants,
          noiseStdDevUnits: noise,
        });
        // All of it stays below 2^53, so float64 is exact here.
        const largest = requests * participants * Math.max(1, centre, bound - centre) + 12 * noise;
        expect(largest).toBeLessThan(2 ** (bits - 2));
        expect(largest).toBeGreaterThanOrEqual(2 ** (bits - 3));
      }),
    );
  });

  it('refuses what 48 bits do not hold', () => {
    const input = {
      fields: fields(2 ** 16, 0),
      max_requests_per_router: 2 ** 15,
      max_participants: 2 ** 15,
      noiseStdDevUnits: 0,
    };
    expect(() => requiredWordBits(input)).toThrow(
      expect.objectContaining({ code: 'invalid', details: { path: 'word_bits' } }),
    );
    expect(requiredWordBits({ ...input, max_participants: 2 ** 15 - 1 })).toBe(48);
    expect(() => requiredWordBits({ ...input, noiseStdDevUnits: 0.5 })).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
    expect(() => requiredWordBits({ ...input, noiseStdDevUnits: -1 })).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
  });

  it('leaves 10000 routers with 10000 default requests each room', () => {
    const bits = requiredWordBits({
      fields: defaultFields({ quality: true, cost: true }),
      max_requests_per_router: 1e4,
      max_participants: 1e4,
      noiseStdDevUnits: 2 ** 24,
    });
    expect(bits).toBeLessThanOrEqual(46);
  });
});
