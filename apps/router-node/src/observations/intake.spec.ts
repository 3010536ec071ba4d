import { generateIdentityKey } from '@secagg/crypto';
import { type RewardObservation } from '@secagg/schema';
import { useTestFolder } from '../../test/support/test-folder';
import { openRouterStore, type RouterStore } from '../store/router-store';
import { Intake } from './intake';

const folder = useTestFolder();
let store: RouterStore;
let nowMs = 0;
beforeEach(() => {
  nowMs = 1_800_000_000_000;
  store = openRouterStore(
    folder(),
    generateIdentityKey((length) => new Uint8Array(length).fill(7)).publicKey,
    (requester) => `hash of ${requester}`,
    (error) => {
      throw error;
    },
  );
});
afterEach(() => store.close());

const batch = (count: number, model = 'm'): RewardObservation[] =>
  Array.from({ length: count }, () => ({ model, task: 't', success: true, latency_s: 1 }));
const intake = (maxObservations = 100) => new Intake(store, { maxObservations, retentionHours: 2 }, () => nowMs);

describe('intake', () => {
  it('accepts batches that come together, each by itself', async () => {
    const taking = intake(10);
    const results = await Promise.allSettled([
      taking.accept({ observations: batch(4) }),
      taking.accept({ observations: batch(7) }),
      taking.accept({ observations: batch(6) }),
      taking.accept({ observations: batch(1) }),
    ]);
    expect(
      results.map((result) =>
        result.status === 'fulfilled' ? result.value : (result.reason as { code: string }).code,
      ),
    ).toEqual([4, 'overloaded', 6, 'overloaded']);
    expect(store.observations.count().waiting).toBe(10);
  });

  it('counts a batch under an idempotency key once, also when it comes twice at a time or after its round', async () => {
    const taking = intake();
    const again = () => taking.accept({ observations: batch(3), idempotencyKey: 'k' });
    expect(await Promise.all([again(), again()])).toEqual([3, 3]);
    store.observations.take(
      [...store.observations.waiting()].map(({ id }) => id),
      'c/1',
    );
    store.observations.remove('c/1');
    expect(await again()).toBe(3);
    expect(store.observations.count()).toEqual({ waiting: 0, taken: 0 });
    await expect(taking.accept({ observations: batch(3, 'other'), idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'duplicate',
    });
    await expect(taking.accept({ observations: batch(2), idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'duplicate',
    });
  });

  it('knows a batch again when there is no room for another', async () => {
    const taking = intake(3);
    const again = () => taking.accept({ observations: batch(3), idempotencyKey: 'k' });
    expect([await again(), await again()]).toEqual([3, 3]);
    await expect(taking.accept({ observations: batch(1), idempotencyKey: 'new' })).rejects.toMatchObject({
      code: 'overloaded',
    });
    store.observations.take([1], 'c/1');
    store.observations.remove('c/1');
    expect(await taking.accept({ observations: batch(1), idempotencyKey: 'new' })).toBe(1);
  });

  it('drops what has waited too long, but nothing that a round has', async () => {
    const taking = intake();
    await taking.accept({ observations: batch(2) });
    store.observations.take([1], 'c/1');
    nowMs += 3 * 3_600_000;
    await taking.accept({ observations: batch(1) });
    expect(store.observations.count()).toEqual({ waiting: 1, taken: 1 });
  });
});
