/**
 * The journal of a coordinator that is alone on its database. State and journal are kept in step by one rule
 * (docs/adr/0002): a step is decided on the state in memory, applied to it at once, written to the journal, and only
 * when that is durable may its reply leave. Deciding and applying are synchronous, so steps never interleave; a group
 * of them shares one fsync.
 *
 * Memory can therefore be ahead of the disk, but nobody outside has seen it: every reply waits for {@link durable}.
 * When a write fails the process must end, since what is in memory then may never become durable.
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type CoordinatorEvent,
  coordinatorSnapshot,
  type CoordinatorState,
  evolveCoordinator,
  releaseEpochs,
} from '@secagg/protocol';
import { encodeCanonical } from '@secagg/schema';
import { entryOf, epochKey } from './event-codec';
import { type Decide, type EventListener, type Journal } from './journal';
import { type Store, type UsedNonce } from './store/store';

/** How often a locked database is looked at while a reply waits, in milliseconds. */
const LOOK_MS = 50;

export class JournaledState implements Journal {
  private tail: Promise<void> = Promise.resolve();
  private readonly listeners: EventListener[] = [];

  /** @param onFailure ends the process: called once a step could not be written or applied */
  constructor(
    readonly state: CoordinatorState,
    private readonly store: Pick<Store, 'append' | 'releaseRound' | 'releaseEpochs' | 'isLocked' | 'checkUnlocked'>,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  async commit<Reply>(decide: Decide<Reply>, useNonce?: () => UsedNonce): Promise<Reply> {
    const step = decide(this.state);
    const nonce = useNonce?.();
    if (step.events.length > 0 || nonce) this.apply(step.events, nonce);
    await this.durable();
    return step.reply;
  }

  commitIfDue(decide: Decide<undefined>): Promise<void> {
    return this.commit(decide);
  }

  /** Applies an event that is in the journal already. */
  replay(event: CoordinatorEvent): void {
    evolveCoordinator(this.state, event);
  }

  release(key: string): Promise<void> {
    this.state.rounds.delete(key);
    return this.store.releaseRound(key, encodeCanonical(coordinatorSnapshot(this.state)));
  }

  async releaseEpochs(): Promise<void> {
    const { events, reply } = releaseEpochs(this.state);
    for (const event of events) evolveCoordinator(this.state, event);
    if (reply.length > 0) await this.store.releaseEpochs(reply.map(epochKey));
  }

  /** Nobody else decides anything. */
  async fresh(): Promise<void> {
    this.store.checkUnlocked();
  }

  reading(): () => Promise<void> {
    return () => (this.store.isLocked ? this.durableUnlessLocked() : this.durable());
  }

  /**
   * Throws `unavailable` when another process has the database for too long: what is in memory becomes durable later.
   */
  private async durableUnlessLocked(): Promise<void> {
    const done = this.durable().then(() => true);
    while (!(await Promise.race([done, pause(LOOK_MS, false)]))) this.store.checkUnlocked();
  }

  durable(): Promise<void> {
    return this.tail;
  }

  /** Events are told of when they are applied, before they are durable: for what stays inside the process. */
  onEvent(listener: EventListener): void {
    this.listeners.push(listener);
  }

  private apply(events: readonly CoordinatorEvent[], nonce?: UsedNonce): void {
    try {
      for (const event of events) evolveCoordinator(this.state, event);
      const written = this.store.append({ entries: events.map(entryOf), ...(nonce ? { nonce } : {}) });
      this.tail = written;
      written.catch(this.onFailure);
    } catch (error) {
      this.onFailure(error);
      throw error;
    }
    for (const event of events) for (const listener of this.listeners) listener(event, false);
  }
}
