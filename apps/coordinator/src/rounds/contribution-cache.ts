/**
 * Stored contributions, read ahead. The state machine asks for them synchronously, the store gives them asynchronously:
 * so a step that needs some acquires them first and releases them after.
 */
import { type Bytes, type PartyId, SecaggError } from '@secagg/schema';
import { type RoundStore } from '../store/store';

export class ContributionCache {
  private readonly held = new Map<string, { users: number; bytes: Map<PartyId, Bytes> }>();

  constructor(private readonly store: Pick<RoundStore, 'contributions'>) {}

  /** The bytes of a contribution that is held. Throws `internal` for one that is not. */
  readonly lookup = (key: string, router: PartyId): Bytes => {
    const bytes = this.held.get(key)?.bytes.get(router);
    if (!bytes) throw new SecaggError('internal', 'a contribution was needed before it was read', { party: router });
    return bytes;
  };

  /**
   * Reads contributions of a round, all of them or those of some routers, and keeps them until the returned function is
   * called.
   */
  async hold(key: string, routers?: readonly PartyId[]): Promise<() => void> {
    const entry = this.held.get(key) ?? { users: 0, bytes: new Map<PartyId, Bytes>() };
    this.held.set(key, entry);
    entry.users += 1;
    const release = () => {
      entry.users -= 1;
      if (entry.users === 0) this.held.delete(key);
    };
    try {
      for await (const { router, bytes } of this.store.contributions(key, routers)) entry.bytes.set(router, bytes);
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }
}
