import { SecaggError } from '@secagg/schema';
import { CoordinatorContact, waitBefore } from './coordinator-contact';

describe('the wait before the next attempt', () => {
  it.each([
    ['nothing was asked for', 100, -5000, Infinity, 100],
    ['the coordinator asks for more', 100, 3000, Infinity, 3000],
    ['it asks for less', 400, 300, Infinity, 400],
    ['it asks for more than there is time', 100, 30_000, 8000, 6000],
    ['there is no time left anyway', 100, 30_000, -1, 30_000],
    ['it fits', 100, 3000, 8000, 3000],
  ])('when %s', (_, ownMs, askedMs, leftMs, expected) =>
    expect(waitBefore(ownMs, askedMs, leftMs, 0.5)).toBe(expected),
  );

  it('is what the latest refusal asked for, and no longer than two minutes', async () => {
    const contact = new CoordinatorContact(() => 1_000_000, 1);
    const refused = (retryAfterMs: number) =>
      contact.track(Promise.reject(new SecaggError('unavailable', 'busy', { retryAfterMs })));
    await expect(refused(60_000)).rejects.toThrow('busy');
    const controller = new AbortController();
    const waiting = contact.backOff(1, controller.signal);
    const first = await Promise.race([
      waiting.then(() => 'over'),
      new Promise((resolve) => setTimeout(() => resolve('waiting'), 50)),
    ]);
    expect(first).toBe('waiting');
    controller.abort(new Error('stopping'));
    await expect(waiting).rejects.toThrow('stopping');
    // A deadline that is near is kept.
    await contact.backOff(1, new AbortController().signal, 1_000_010);
  });
});
