/**
 * The coordinator's state and how it changes, whatever database is behind it: one process on its own file, or several
 * on one server.
 */
import { type CoordinatorEvent, type CoordinatorState, type Step } from '@secagg/protocol';
import { type UsedNonce } from './store/store';

/** @param elsewhere the event was decided by another process that shares the journal */
export type EventListener = (event: CoordinatorEvent, elsewhere: boolean) => void;

export type Decide<Reply> = (state: CoordinatorState) => Step<CoordinatorEvent, Reply>;

export interface Journal {
  /**
   * As far as this process knows. Look it up each time: a journal that is shared may have to start over with another
   * object.
   */
  readonly state: CoordinatorState;

  /**
   * Decides on the newest state, applies the events, and gives the reply when they are durable. What `decide` throws
   * comes through, and nothing has changed then. Throws `unavailable` when the outcome is not known: callers may try
   * again.
   * @param useNonce an operator's nonce, which becomes durable with the events: called before they are
   */
  commit<Reply>(decide: Decide<Reply>, useNonce?: () => UsedNonce): Promise<Reply>;

  /**
   * As {@link commit}, for what nobody asked for: left alone at once while the state at hand gives no reason for it.
   */
  commitIfDue(decide: Decide<undefined>): Promise<void>;

  /** Deletes the entries and contributions of a finished round; what follows from them for the ledgers stays. */
  release(key: string): Promise<void>;

  /** Removes epochs that nothing needs any more, and their entries. */
  releaseEpochs(): Promise<void>;

  /** Resolves when the state has everything that anybody was told before this call. Throws `unavailable`. */
  fresh(): Promise<void>;

  /**
   * To be called before the state is looked at for a reply. The function it gives resolves when everything that could
   * be seen meanwhile is durable; it throws `unavailable` when some of that was taken back.
   */
  reading(): () => Promise<void>;

  /** Resolves when everything that is in memory now is durable. */
  durable(): Promise<void>;

  /** Called for every event that changes the state, in order. */
  onEvent(listener: EventListener): void;
}
