import * as fc from 'fast-check';
import { defaultFields, type FieldOptions } from './default-fields';
import { FIELD_NAMES, fieldMagnitude, fieldSpecSchema } from './fields';
import { requestNorm } from './request-norm';

const magnitudes = (options: FieldOptions) =>
  Object.fromEntries(defaultFields(options).map((field) => [field.name, fieldMagnitude(field)]));

describe('defaultFields', () => {
  it('resolves a millisecond and a billionth of a dollar per token', () => {
    const [latency, cost] = ['latency', 'cost'].map((name) =>
      defaultFields({ cost: true }).find((field) => field.name === name),
    );
    expect(latency?.scale).toBeGreaterThanOrEqual(1000);
    expect(cost?.scale).toBeGreaterThanOrEqual(1e9);
  });

  it('gives every field the same range, or as much as its weight says', () => {
    for (const value of Object.values(magnitudes({ quality: true, cost: true })))
      expect(value / 65536).toBeCloseTo(1, 2);
    const weighted = magnitudes({ quality: true, cost: true, weights: { latency: 2, cost_samples: 0.5 } });
    expect(weighted.latency / 65536).toBeCloseTo(2, 2);
    expect(weighted.cost_samples / 65536).toBeCloseTo(0.5, 2);
    expect(weighted.cost / 65536).toBeCloseTo(1, 2);
  });

  it('sends only what is asked for', () => {
    const names = (options: FieldOptions) => defaultFields(options).map((field) => field.name);
    expect(names({})).toEqual(['samples', 'successes', 'latency']);
    expect(names({ cost: true })).toEqual(['samples', 'successes', 'latency', 'cost', 'cost_samples']);
    expect(names({ quality: true, cost: true })).toEqual(FIELD_NAMES);
  });

  it('makes valid fields of all valid options', () => {
    const options = fc.record({
      unitsPerRequest: fc.integer({ min: 4096, max: 2 ** 24 }),
      latencyBoundSeconds: fc.double({ min: 1e-3, max: 100, noNaN: true }),
      costBoundUsdPerToken: fc.double({ min: 1e-5, max: 1, noNaN: true }),
      weights: fc.record({
        samples: fc.double({ min: 1 / 64, max: 64, noNaN: true }),
        cost: fc.double({ min: 0.5, max: 4, noNaN: true }),
      }),
    });
    fc.assert(
      fc.property(options, (given) => {
        for (const field of defaultFields({ ...given, quality: true, cost: true })) {
          expect(fieldSpecSchema.safeParse(field).error).toBeUndefined();
        }
      }),
    );
  });

  it.each<[string, FieldOptions]>([
    ['unitsPerRequest', { unitsPerRequest: 15 }],
    ['unitsPerRequest', { unitsPerRequest: NaN }],
    ['latencyBoundSeconds', { latencyBoundSeconds: 0 }],
    ['costBoundUsdPerToken', { costBoundUsdPerToken: -1, cost: true }],
    ['weights.latency', { weights: { latency: 0 } }],
    ['units per 1.0 of latency', { unitsPerRequest: 16, latencyBoundSeconds: 1e6 }],
    ['units per 1.0 of cost', { unitsPerRequest: 2 ** 30, costBoundUsdPerToken: 1e-9, cost: true }],
  ])('refuses a bad %s', (path, options) => {
    expect(() => defaultFields(options)).toThrow(expect.objectContaining({ code: 'invalid', details: { path } }));
  });
});

describe('requestNorm', () => {
  it('is the least integer not below the norm', () => {
    const units = fc.integer({ min: 1, max: 2 ** 44 });
    fc.assert(
      fc.property(fc.array(units, { minLength: 1, maxLength: 7 }), (bounds) => {
        const fields = bounds.map((bound) => ({
          name: 'latency' as const,
          scale: 1,
          bound_units: bound,
          centre_units: 0,
        }));
        const norm = BigInt(requestNorm({ fields }));
        const square = bounds.reduce((sum, bound) => sum + BigInt(bound) ** 2n, 0n);
        expect(norm * norm >= square && (norm - 1n) ** 2n < square).toBe(true);
      }),
    );
  });
});
