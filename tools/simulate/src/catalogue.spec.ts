import { roundLayoutSchema } from '@secagg/schema';
import { catalogueFor } from './catalogue';

describe('catalogue of a dimension', () => {
  it.each([
    [3, 3],
    [1024, 1025],
    [100_000, 100_000],
    [458_752, 458_752],
    [1, 3],
  ])('%p words are asked for, %p are made', (asked, made) => {
    const { keys, fields, dimension } = catalogueFor(asked);
    expect(dimension).toBe(made);
    expect(keys.length * fields.length).toBe(made);
    const layout = {
      keys: [...keys],
      fields: [...fields],
      max_requests_per_router: 10,
      max_participants: 10,
      word_bits: 48,
    };
    expect(roundLayoutSchema.safeParse(layout).success).toBe(true);
  });

  it('never exceeds what is asked for by more than two words', () => {
    for (let dimension = 3; dimension < 400; dimension++)
      expect(catalogueFor(dimension).dimension - dimension).toBeLessThanOrEqual(2);
  });

  it.each([0, -1, 1.5, 458_753, NaN])('refuses %p', (dimension) => {
    expect(() => catalogueFor(dimension)).toThrow(RangeError);
  });
});
