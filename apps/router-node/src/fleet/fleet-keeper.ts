/** The newest fleet documents known here, from the coordinator but believed only under the authority's signature. */
import { type CoordinatorClient } from '@secagg/client';
import { type FleetDocuments, type FleetUpdated, type FleetView, updateFleet, verifyFleet } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Logger } from 'pino';
import { sending } from '../failpoint';
import { type CoordinatorContact } from './coordinator-contact';

/** A state that holds fleet documents: the router's and the member's journals. */
export interface FleetHolder {
  readonly state: { readonly view: FleetView } | undefined;
  commit(events: readonly FleetUpdated[]): void;
}

export class FleetKeeper {
  private readonly holders: FleetHolder[] = [];
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly authorityKey: Uint8Array,
    private readonly client: CoordinatorClient,
    private readonly contact: CoordinatorContact,
    private readonly log: Logger,
  ) {}

  /** Keeps a journal's documents up to date from now on; it learns at once what the others know. */
  add(holder: FleetHolder): void {
    this.holders.push(holder);
    const newest = this.view;
    if (!newest) return;
    try {
      this.offer(newest.documents);
    } catch (error) {
      if (!(error instanceof SecaggError)) throw error;
      this.log.warn(
        { problem: describe(error) },
        'the journals of this node know fleet documents that do not follow one another',
      );
    }
  }

  /** Stops keeping it up to date. */
  remove(holder: FleetHolder): void {
    const at = this.holders.indexOf(holder);
    if (at >= 0) this.holders.splice(at, 1);
  }

  /** The newest documents that any of the journals has. */
  get view(): FleetView | undefined {
    const views = this.holders.flatMap(({ state }) => (state ? [state.view] : []));
    return views.reduce<FleetView | undefined>(
      (best, view) => (best && versionOf(best) >= versionOf(view) ? best : view),
      undefined,
    );
  }

  /** Fetches the coordinator's documents and takes what is newer. Calls at the same time share one request. */
  refresh(signal: AbortSignal): Promise<void> {
    this.refreshing ??= this.fetch(signal).finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  /** Asks until there are documents: a node may start long before its coordinator. */
  async untilKnown(signal: AbortSignal): Promise<FleetView> {
    for (let attempt = 1; ; attempt++) {
      const { view } = this;
      if (view) return view;
      try {
        await this.refresh(signal);
      } catch (error) {
        signal.throwIfAborted();
        const level = attempt === 1 ? 'warn' : 'debug';
        this.log[level]({ problem: describe(error) }, 'the fleet documents cannot be had yet');
        await this.contact.backOff(attempt, signal);
      }
    }
  }

  private async fetch(signal: AbortSignal): Promise<void> {
    this.offer(await sending('fleet', () => this.contact.track(this.client.fleet({ signal }))));
  }

  private offer(documents: FleetDocuments): void {
    for (const holder of this.holders) {
      const { state } = holder;
      const events: readonly FleetUpdated[] = state
        ? updateFleet(state.view, documents)
        : [firstDocuments(this.authorityKey, documents)];
      if (events.length === 0) continue;
      holder.commit(events);
      const view = holder.state?.view;
      this.log.info({ policy: view?.policy.version, roster: view?.roster.version }, 'fleet documents taken');
    }
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
