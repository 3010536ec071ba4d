/** What everything that acts in the coordinator works with. */
import {
  type CoordinatorContext,
  type CoordinatorEvent,
  coordinatorRole,
  type CoordinatorState,
  type FleetDocuments,
  type FleetView,
  updateFleet,
  verifyFleet,
} from '@secagg/protocol';
import { type Bytes, decodeCanonical, SecaggError } from '@secagg/schema';
import { type Changes } from './changes';
import { eventOf } from './event-codec';
import { withoutDocuments } from './key-files';
import { JournaledState } from './journaled-state';
import { type Journal } from './journal';
import { type Intake } from './rounds/intake';
import { type RoundStore, type Store } from './store/store';

export interface Engine {
  readonly journal: Journal;
  readonly intake: Intake;
  readonly context: CoordinatorContext;
  readonly store: RoundStore;
  /** Wakes long polls after every event that one of them may wait for. */
  readonly changes: Changes;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What the configuration's files hold. */
export interface OfferedDocuments {
  /** For the first start. */
  readonly documents: FleetDocuments | undefined;
  /**
   * Throws for documents that this configuration could do nothing under: asked before they are written to the journal.
   */
  readonly judge: (view: FleetView) => Promise<void>;
}

/**
 * The state as the journal tells it. An empty journal starts with the given documents; later they count only when they
 * are newer than those in the journal. Throws when there are neither, or when they are not signed by this authority.
 */
export async function restoreState(
  store: Store,
  authorityKey: Bytes,
  { documents, judge }: OfferedDocuments,
  onFailure: (error: unknown) => void,
): Promise<JournaledState> {
  const released = await store.snapshot();
  const role = coordinatorRole(authorityKey);
  const start = (first: CoordinatorEvent) => {
    const begun = role.begin(first);
    const state = released ? role.restore(decodeCanonical(released), begun) : begun;
    return new JournaledState(state, store, onFailure);
  };
  let journal: JournaledState | undefined;
  for await (const entry of store.replay()) {
    const event = eventOf(entry);
    if (journal) journal.replay(event);
    else journal = start(event);
  }
  if (!journal) {
    if (!documents) throw withoutDocuments();
    journal = start({ type: 'fleet-updated', documents });
    await judge(journal.state.view);
    await journal.commit(() => ({ events: [{ type: 'fleet-updated', documents }], reply: undefined }));
  } else if (documents && isNewer(journal.state, documents)) {
    await judge(verifyFleet(authorityKey, documents));
    await journal.commit(({ view }) => ({ events: updateFleet(view, documents), reply: undefined }));
  }
  return journal;
}

/** Files that a `PUT /v1/fleet` has overtaken since are left alone. */
export function isNewer(state: CoordinatorState, documents: FleetDocuments): boolean {
  try {
    return updateFleet(state.view, documents).length > 0;
  } catch (error) {
    if (error instanceof SecaggError && error.code === 'policy') return false;
    throw error;
  }
}
