import { WorkQueue } from './work-queue';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the work queue', () => {
  it('starts requests in their order, some at a time, and all of them', async () => {
    const queue = new WorkQueue();
    const passed: number[] = [];
    const sizes: number[] = [];
    const all = Promise.all(Array.from({ length: 100 }, (_, i) => queue.turn().then(() => passed.push(i))));
    while (passed.length < 100) {
      const before = passed.length;
      await turn();
      sizes.push(passed.length - before);
    }
    await all;
    expect(passed).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(Math.max(...sizes)).toBe(16);
  });

  it('accepts connections before it starts more requests, but not for ever', async () => {
    const queue = new WorkQueue();
    let passed = 0;
    for (let i = 0; i < 32; i++) void queue.turn().then(() => (passed += 1));
    let turns = 0;
    for (; passed < 32; turns++) {
      queue.connectionAccepted();
      await turn();
      expect([0, 16, 32]).toContain(passed);
    }
    expect(turns).toBeGreaterThan(30);
    expect(turns).toBeLessThan(100);
    expect(passed).toBe(32);
  });

  it('starts again after it has stood still', async () => {
    const queue = new WorkQueue();
    await queue.turn();
    for (let i = 0; i < 5; i++) await turn();
    await queue.turn();
  });
});
