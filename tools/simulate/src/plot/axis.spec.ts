import fc from 'fast-check';
import { linearAxis, logAxis, logAxisOf, shareAxis } from './axis';

it('covers all values with increasing round ticks, few enough to be read', () => {
  const value = fc.double({ noNaN: true, min: -9, max: 6 }).map((power) => 10 ** power);
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
      const { ticks, place } = logAxis(values);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThan(18);
      for (const tick of ticks) expect(tick.toExponential()).toMatch(/^[125]e/);
      expect(ticks.every((tick, i) => i === 0 || tick > ticks[i - 1])).toBe(true);
      for (const entry of values) {
        expect(place(entry)).toBeGreaterThanOrEqual(0);
        expect(place(entry)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

it('places even ratios evenly', () => {
  const { place } = logAxisOf([0.25, 0.5, 1, 2, 4]);
  expect([0.25, 0.5, 1, 2, 4].map(place)).toEqual([0, 0.25, 0.5, 0.75, 1].map((at) => expect.closeTo(at, 12)));
  expect(shareAxis.place(0.3)).toBeCloseTo(0.3, 12);
});

it('goes from zero in a few whole steps past every value', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -9, max: 6 }), (power) => {
      const most = 10 ** power;
      const { ticks, place } = linearAxis([0, most / 2, most]);
      expect(ticks[0]).toBe(0);
      expect(ticks.length).toBeGreaterThanOrEqual(3);
      expect(ticks.length).toBeLessThanOrEqual(6);
      expect(place(0)).toBe(0);
      expect(place(most)).toBeGreaterThan(0.5);
      expect(place(most)).toBeLessThanOrEqual(1 + 1e-9);
    }),
  );
  expect(linearAxis([0.043]).ticks).toEqual([0, 0.01, 0.02, 0.03, 0.04, 0.05]);
  expect(linearAxis([0]).ticks.length).toBeGreaterThan(1);
});
