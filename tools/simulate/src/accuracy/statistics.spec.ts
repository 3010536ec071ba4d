import fc from 'fast-check';
import { quantile, share, spread } from './statistics';

const values = fc.array(
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((value) => value + 0),
  { minLength: 1, maxLength: 50 },
);

describe('quantile', () => {
  it('agrees with tabulated values of definition 7', () => {
    // R: quantile(c(7, 1, 3, 10, 4), c(.25, .5, .9)), type 7
    expect([0.25, 0.5, 0.9].map((p) => quantile([7, 1, 3, 10, 4], p))).toEqual([3, 4, 8.8]);
  });

  it('does not depend on the order, rises with p and ends at the extremes', () => {
    fc.assert(
      fc.property(
        values,
        fc.double({ noNaN: true, min: 0, max: 1 }),
        fc.double({ noNaN: true, min: 0, max: 1 }),
        (list, p, q) => {
          const [low, high] = p < q ? [p, q] : [q, p];
          expect(quantile([...list].reverse(), p)).toBe(quantile(list, p));
          expect(quantile(list, low)).toBeLessThanOrEqual(quantile(list, high) + 1e-9);
          expect([quantile(list, 0), quantile(list, 1)]).toEqual([Math.min(...list), Math.max(...list)]);
        },
      ),
    );
  });

  it('leaves the list as it was, and refuses an empty one', () => {
    const list = [3, 1, 2];
    quantile(list, 0.5);
    expect(list).toEqual([3, 1, 2]);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});

it('nothing has no spread and no share', () => {
  expect([spread([]), share([], () => true)]).toEqual([{ median: null, p90: null }, null]);
  expect(share([1, 2, 3, 4], (value) => value > 1)).toBe(0.75);
});
