import { unsafeSeededRandom } from '@secagg/testbed/random';
import { sampleDiscreteGaussian } from '../samplers/discrete-gaussian';
import { addNoise } from './add-noise';

const variance = { numerator: 50, denominator: 3 };

describe('addNoise', () => {
  it('adds the samples of the source, one to each coordinate, keeping integers exact', () => {
    const values = [0, -5, 2 ** 47, -(2 ** 47), 12];
    const vector = Float64Array.from(values);
    addNoise(vector, variance, unsafeSeededRandom('a'));
    const noise = sampleDiscreteGaussian(variance, new Int32Array(5), unsafeSeededRandom('a'));
    expect([...vector]).toEqual(values.map((value, i) => value + noise[i]));
  });

  it('leaves the vector alone when it cannot add all of it', () => {
    const vector = Float64Array.of(1, 2, 3);
    expect(() => addNoise(vector, { numerator: 0, denominator: 1 }, unsafeSeededRandom('b'))).toThrow(
      expect.objectContaining({ code: 'variance_out_of_range' }),
    );
    expect(() =>
      addNoise(vector, variance, () => {
        throw new Error('no entropy');
      }),
    ).toThrow('no entropy');
    expect(vector).toEqual(Float64Array.of(1, 2, 3));
  });
});
