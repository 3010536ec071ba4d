import { wipe } from './wipe';

describe('wipe', () => {
  it('zeroes every element of every kind of array', () => {
    const arrays = [
      Uint8Array.of(1, 2),
      Int32Array.of(-1, 5),
      Float64Array.of(1.5),
      BigUint64Array.of(7n),
      Buffer.from('secret'),
    ];
    wipe(...arrays, undefined);
    expect(
      arrays
        .flatMap((array) => [...new Uint8Array(array.buffer, array.byteOffset, array.byteLength)])
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  it('stays within the view', () => {
    const whole = Uint8Array.of(1, 2, 3, 4);
    wipe(whole.subarray(1, 3));
    expect([...whole]).toEqual([1, 0, 0, 4]);
  });
});
