import { WaitingRouters } from './waiting-routers';

describe('waiting routers', () => {
  it('counts a router once a cluster, however many waits it has, until the last one ends', () => {
    const waiting = new WaitingRouters();
    const leave = [
      waiting.enter('a', 'r1', 0),
      waiting.enter('a', 'r1', 0),
      waiting.enter('a', 'r2', 0),
      waiting.enter('b', 'r1', 0),
    ];
    expect([waiting.countWaiting('a'), waiting.countWaiting('b'), waiting.countWaiting('c')]).toEqual([2, 1, 0]);
    leave[0]();
    expect(waiting.countWaiting('a')).toBe(2);
    leave[1]();
    leave[2]();
    expect([waiting.countWaiting('a'), waiting.countWaiting('b')]).toEqual([0, 1]);
  });

  it('takes a router for active while it waits, and for a while after', () => {
    const waiting = new WaitingRouters();
    const leave = waiting.enter('a', 'r1', 0);
    waiting.enter('a', 'r2', 0)();
    expect(waiting.countActive(1000, 100)).toBe(1);
    leave();
    expect(waiting.countActive(1100, 100)).toBe(1);
    expect(waiting.countActive(1101, 100)).toBe(0);
  });
});
