import { Turnstile } from './turnstile';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the turnstile', () => {
  it('lets requests through in their order, some at a time, and all of them', async () => {
    const turnstile = new Turnstile();
    const passed: number[] = [];
    const sizes: number[] = [];
    const all = Promise.all(Array.from({ length: 100 }, (_, i) => turnstile.pass().then(() => passed.push(i))));
    while (passed.length < 100) {
      const before = passed.length;
      await turn();
      sizes.push(passed.length - before);
    }
    await all;
    expect(passed).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(Math.max(...sizes)).toBe(16);
  });

  it('lets in those at the door before the next go to work, but not for ever', async () => {
    const turnstile = new Turnstile();
    let passed = 0;
    for (let i = 0; i < 32; i++) void turnstile.pass().then(() => (passed += 1));
    let turns = 0;
    for (; passed < 32; turns++) {
      turnstile.arrival();
      await turn();
      expect([0, 16, 32]).toContain(passed);
    }
    expect(turns).toBeGreaterThan(30);
    expect(turns).toBeLessThan(100);
    expect(passed).toBe(32);
  });

  it('starts again after it has stood still', async () => {
    const turnstile = new Turnstile();
    await turnstile.pass();
    for (let i = 0; i < 5; i++) await turn();
    await turnstile.pass();
  });
});
