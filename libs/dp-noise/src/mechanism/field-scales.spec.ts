import fc from 'fast-check';
import { fieldNoise, fieldScales } from './field-scales';

const range = fc.record({ maximum: fc.double({ min: 1e-6, max: 1000, noNaN: true }), weight: fc.double({ min: 0.1, max: 10, noNaN: true }) });

describe('fieldScales', () => {
  it('fits a request at all its maxima into the ball, and nearly fills it', () => {
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 7 }), fc.integer({ min: 1_000_000, max: 2 ** 30 }), (fields, bound) => {
        const scales = fieldScales(fields, bound);
        const norm = Math.sqrt(fields.reduce((sum, { maximum }, i) => sum + (scales[i]! * maximum) ** 2, 0));
        expect(norm).toBeLessThanOrEqual(bound * (1 + 1e-15));
        if (scales.every((scale) => scale > 1000)) expect(norm).toBeGreaterThan(bound * 0.999);
      }),
    );
  });

  it('halves the noise of a field of twice the weight, relative to its maximum', () => {
    const fields = [{ maximum: 1, weight: 2 }, { maximum: 30, weight: 1 }];
    const [one, other] = fieldScales(fields, 10_000_000);
    const relative = [fieldNoise(one!, 500, 9) / 1, fieldNoise(other!, 500, 9) / 30];
    expect(relative[1]! / relative[0]!).toBeCloseTo(2, 4);
    expect(fieldNoise(100, 50, 4)).toBe(1);
  });

  it('refuses what would round to nothing', () => {
    for (const [fields, bound] of [
      [[], 10], [[{ maximum: 0, weight: 1 }], 10], [[{ maximum: 1, weight: 0 }], 10], [[{ maximum: 1, weight: 1 }], 0],
      [[{ maximum: 1000, weight: 1 }], 10], [[{ maximum: NaN, weight: 1 }], 10], [[{ maximum: 1, weight: 1 }, { maximum: 1, weight: -1 }], 10],
    ] as const) {
      expect(() => fieldScales(fields, bound)).toThrow(expect.objectContaining({ code: 'invalid' }));
    }
  });
});
