import { boundedCache } from './bounded-cache';

describe('boundedCache', () => {
  it('makes a value once while it is in use and forgets the least recently used', () => {
    const made: number[] = [];
    const lookUp = boundedCache(2, (key) => ({ id: made.push(key[0]) }));
    const [a, b, c] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)] as const;
    const first = lookUp(a);
    lookUp(b);
    expect(lookUp(a.slice())).toBe(first);
    lookUp(c);
    expect(lookUp(a)).toBe(first);
    lookUp(b);
    expect(made).toEqual([1, 2, 3, 2]);
  });

  it('keeps nothing of a failure', () => {
    let calls = 0;
    const lookUp = boundedCache(2, () => {
      calls++;
      if (calls === 1) throw new Error('first');
      return calls;
    });
    expect(() => lookUp(Uint8Array.of(0))).toThrow('first');
    expect(lookUp(Uint8Array.of(0))).toBe(2);
  });
});
