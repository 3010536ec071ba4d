import fc from 'fast-check';
import { backoffDelay, pause } from './backoff';

describe('backoff', () => {
  it('stays within its bounds, which double up to the limit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, uniform) => {
          const upper = Math.min(5000, 100 * 2 ** (attempt - 1));
          const delay = backoffDelay({ firstMs: 100, mostMs: 5000 }, attempt, uniform);
          return delay >= upper / 10 && delay <= upper;
        },
      ),
    );
  });

  it('pauses until aborted', async () => {
    const controller = new AbortController();
    const waiting = pause(60_000, controller.signal);
    controller.abort('stop');
    await expect(waiting).rejects.toBe('stop');
    await expect(pause(0, controller.signal)).rejects.toBe('stop');
    await expect(pause(0)).resolves.toBeUndefined();
  });
});
