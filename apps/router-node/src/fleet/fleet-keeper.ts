/**
 * The newest fleet documents known here, and the newest statement that they are current. They come from the
 * coordinator, or are handed in by anybody: they are believed under the authority's signature alone.
 */
import { type CoordinatorClient } from '@secagg/client';
import {
  type FleetDocuments,
  type FleetUpdated,
  type FleetView,
  freshnessOf,
  type FreshnessStatus,
  type FreshnessTaken,
  takeFreshness,
  updateFleet,
  type VerifiedFreshness,
  verifyFleet,
  verifyFreshness,
} from '@secagg/protocol';
import { type FreshnessProof, SecaggError } from '@secagg/schema';
import { type Logger } from 'pino';
import { sending } from '../failpoint';
import { type CoordinatorContact } from './coordinator-contact';

interface Known {
  readonly view: FleetView;
  readonly freshness?: VerifiedFreshness;
}

/** A state that holds fleet documents: the router's and the member's journals. */
export interface FleetHolder {
  readonly hasBegun: boolean;
  readonly state: Known;
  append(events: readonly (FleetUpdated | FreshnessTaken)[]): void;
  fresh(): Promise<void>;
}

export class FleetKeeper {
  private readonly holders: FleetHolder[] = [];
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly authorityKey: Uint8Array,
    private readonly client: CoordinatorClient,
    private readonly contact: CoordinatorContact,
    private readonly log: Logger,
    private readonly now: () => number,
  ) {}

  /** Keeps a journal's documents up to date from now on; it learns at once what the others know. */
  add(holder: FleetHolder): void {
    this.holders.push(holder);
    const newest = this.known;
    if (!newest) return;
    try {
      this.take(newest.view.documents);
      if (newest.freshness) this.takeStatement(newest.freshness.proof);
    } catch (error) {
      if (!(error instanceof SecaggError)) throw error;
      this.log.warn(
        { detail: describe(error) },
        'the journals of this node know fleet documents that do not follow one another',
      );
    }
  }

  /** Stops keeping it up to date. */
  remove(holder: FleetHolder): void {
    const at = this.holders.indexOf(holder);
    if (at >= 0) this.holders.splice(at, 1);
  }

  private get states(): Known[] {
    return this.holders.flatMap((holder) => (holder.hasBegun ? [holder.state] : []));
  }

  /** The newest documents that any of the journals has. */
  get view(): FleetView | undefined {
    const views = this.states.map(({ view }) => view);
    return views.reduce<FleetView | undefined>(
      (best, view) => (best && versionOf(best) >= versionOf(view) ? best : view),
      undefined,
    );
  }

  /** The documents, and the newest statement that any of the journals has. */
  get known(): Known | undefined {
    const { view } = this;
    const freshness = this.states
      .flatMap((state) => state.freshness ?? [])
      .reduce<
        VerifiedFreshness | undefined
      >((best, each) => (best && best.statement.issued_at_ms >= each.statement.issued_at_ms ? best : each), undefined);
    return view && { view, ...(freshness ? { freshness } : {}) };
  }

  /** Whether the documents count as the current ones; undefined before there are any. */
  freshness(): FreshnessStatus | undefined {
    const { known } = this;
    return known && freshnessOf(known, this.now());
  }

  /**
   * Fetches the coordinator's documents and its statement, and takes what is newer. Calls at the same time share one
   * request.
   */
  refresh(signal: AbortSignal): Promise<void> {
    this.refreshing ??= this.fetch(signal).finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  /** The same, for callers that ask until there is an answer: readiness depends on its outcome. */
  async refreshAgain(signal: AbortSignal): Promise<void> {
    try {
      await this.refresh(signal);
    } catch (error) {
      // A database of its own that is locked says nothing of the coordinator.
      const isOwn =
        error instanceof SecaggError &&
        error.code === 'unavailable' &&
        error.details.unreachable !== true &&
        error.details.status === undefined;
      if (error instanceof SecaggError && !isOwn && !signal.aborted) this.contact.polls.failed('documents', error);
      throw error;
    }
  }

  /** Asks for a newer statement when the known one is not fresh. A failure changes nothing. */
  async freshen(signal: AbortSignal): Promise<void> {
    const state = this.freshness()?.state;
    if (state === undefined || state === 'fresh' || state === 'not_required') return;
    try {
      await this.fetchStatement(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      this.log.debug({ detail: describe(error) }, 'cannot fetch a newer statement of the current documents');
    }
  }

  /** Asks until there are documents: a node may start long before its coordinator. */
  async untilKnown(signal: AbortSignal): Promise<FleetView> {
    for (let attempt = 1; ; attempt++) {
      const { view } = this;
      if (view) return view;
      try {
        await this.refreshAgain(signal);
      } catch (error) {
        signal.throwIfAborted();
        const level = attempt === 1 ? 'warn' : 'debug';
        this.log[level]({ detail: describe(error) }, 'cannot fetch the fleet documents yet');
        await this.contact.backOff(attempt, signal);
      }
    }
  }

  private async fetch(signal: AbortSignal): Promise<void> {
    const documents = await sending('fleet', () => this.contact.track(this.client.fleet({ signal })));
    await this.unlocked();
    this.take(documents);
    await this.fetchStatement(signal);
    this.contact.polls.succeeded('documents');
  }

  /** Also the documents, where the coordinator's statement names newer ones. */
  async fetchStatement(signal: AbortSignal): Promise<void> {
    const proof = await sending('freshness', () => this.contact.track(this.client.freshness({ signal })));
    const { view } = this;
    if (!proof || !view) return;
    await this.unlocked();
    const { documents } = verifyFreshness(this.authorityKey, view.fleet, proof).statement;
    const isBehind = (['policy', 'roster'] as const).some((name) =>
      documents.some((entry) => entry.name === name && entry.version > view[name].version),
    );
    // Those that are kept back do not keep the statement from being taken: it says that this node is behind.
    if (isBehind) {
      await sending('fleet', () => this.contact.track(this.client.fleet({ signal }))).then(
        (newer) => this.take(newer),
        (error: unknown) => {
          signal.throwIfAborted();
          this.log.debug({ detail: describe(error) }, 'cannot fetch the newest fleet documents');
        },
      );
    }
    this.takeStatement(proof);
  }

  /** Waits until no other process keeps a journal locked. Throws `unavailable` where that takes long. */
  async unlocked(): Promise<void> {
    await Promise.all(this.holders.map((holder) => holder.fresh()));
  }

  /**
   * Takes what is newer, wherever it comes from. Throws `policy`, `bad_signature` and the like, and changes nothing
   * then.
   */
  take(documents: FleetDocuments): void {
    const taken = this.holders.map((holder): readonly FleetUpdated[] =>
      holder.hasBegun ? updateFleet(holder.state.view, documents) : [firstDocuments(this.authorityKey, documents)],
    );
    this.commit(taken);
    if (taken.some((events) => events.length > 0)) {
      const { policy, roster } = this.view as FleetView;
      this.log.info({ policy: policy.version, roster: roster.version }, 'fleet documents taken');
    }
  }

  /** The same for a statement. Throws `unavailable` before there are documents. */
  takeStatement(proof: FreshnessProof): void {
    const taken = this.holders.map(({ state }) => takeFreshness(state, proof, this.now()));
    this.commit(taken);
    if (taken.some((events) => events.length > 0))
      this.log.debug('a newer statement of the current documents is taken');
  }

  private commit(taken: readonly (readonly (FleetUpdated | FreshnessTaken)[])[]): void {
    taken.forEach((events, index) => {
      if (events.length > 0) this.holders[index].append(events);
    });
  }
}

/** Verified, since whatever comes first is believed from then on. */
function firstDocuments(authorityKey: Uint8Array, documents: FleetDocuments): FleetUpdated {
  verifyFleet(authorityKey, documents);
  return { type: 'fleet-updated', documents };
}

/** Documents of one fleet are ordered by both versions, which only grow. */
const versionOf = (view: FleetView): number => view.policy.version + view.roster.version;

export const describe = (error: unknown): string =>
  error instanceof SecaggError ? `${error.code}: ${error.message}` : 'internal';
