import { type CoordinatorEvent } from '@secagg/protocol';
import { Changes, poll, wakeOnEvents } from './changes';
import { type EventListener } from './journal';

describe('poll', () => {
  const forever = new AbortController().signal;

  it('finds what is there without waiting, also when the caller has gone', async () => {
    expect(await poll(new Changes(), 0, forever, () => 'here')).toBe('here');
    expect(await poll(new Changes(), 60_000, AbortSignal.abort(), () => 'here')).toBe('here');
  });

  it('looks again at every change until it finds something', async () => {
    const changes = new Changes();
    let value = 0;
    let looks = 0;
    const polling = poll(changes, 60_000, forever, () => {
      looks += 1;
      return value >= 3 ? value : undefined;
    });
    for (let i = 0; i < 3; i++) {
      value += 1;
      changes.notify();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await polling).toBe(3);
    expect(looks).toBe(4);
  });

  it('finds what came while its last wait ended', async () => {
    const changes = new Changes();
    const found: { value?: string } = {};
    const polling = poll(changes, 300, forever, () => found.value);
    await new Promise((resolve) => setImmediate(resolve));
    found.value = 'late';
    expect(await polling).toBe('late');
  });

  it('comes back empty when the wait is over, and at once when the caller goes', async () => {
    expect(await poll(new Changes(), 5, forever, () => undefined)).toBeUndefined();
    const gone = new AbortController();
    const polling = poll(new Changes(), 60_000, gone.signal, () => undefined);
    gone.abort();
    expect(await polling).toBeUndefined();
  });

  it('wakes everybody who waits, once', async () => {
    const changes = new Changes();
    const woken: number[] = [];
    const waits = [1, 2, 3].map((i) => changes.next(60_000, forever).then(() => woken.push(i)));
    changes.notify();
    await Promise.all(waits);
    changes.notify();
    expect(woken).toEqual([1, 2, 3]);
  });
});

it('events of the journal wake polls by themselves, contributions do not', async () => {
  const changes = new Changes();
  const listeners: EventListener[] = [];
  wakeOnEvents(changes, { onEvent: (listener) => listeners.push(listener) });
  const event = (type: CoordinatorEvent['type']) => {
    for (const listener of listeners) listener({ type } as CoordinatorEvent, false);
  };
  let looks = 0;
  const polling = poll(changes, 60_000, new AbortController().signal, () => (looks++ === 1 ? 'found' : undefined));
  event('contribution-accepted');
  await new Promise((resolve) => setImmediate(resolve));
  expect(looks).toBe(1);
  event('round-announced');
  expect(await polling).toBe('found');
});
