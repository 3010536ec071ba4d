/**
 * Adds rows within the limits of what is held; part of the caller's transaction.
 *
 * What no round can take must not keep out what one would: observations whose key the last catalogue lacks have a small
 * quota of their own, and beyond it they are not kept. Before a catalogue is known, every key may be in it.
 */
import { addStatistics, noOwnStatistics, type OwnStatistics, statisticsOf } from '@secagg/priors';
import { SecaggError, signalKey } from '@secagg/schema';
import { type IncomingRow, type RowOutcome } from '../ingest/ingest-store';
import { type ObservationTables } from '../store/observation-tables';

export interface IntakeLimits {
  /** Most observations of listed keys, waiting and taken. */
  readonly maxObservations: number;
  /** Most waiting observations of keys that the catalogue lacks. */
  readonly maxUnlisted: number;
}

type Incoming = Extract<IncomingRow, { kind: 'observation' }>;

export class RowAdder {
  /** Observations of unlisted keys that were not kept. */
  unlistedSkipped = 0;
  /** What is held of listed and of unlisted keys; undefined when that is to be looked up again. */
  private held: { listed: number; unlisted: number } | undefined;

  constructor(
    private readonly tables: Pick<ObservationTables, 'observations' | 'catalogue' | 'requests' | 'own'>,
    private readonly limits: IntakeLimits,
    private readonly now: () => number,
  ) {}

  get isFullOfUnlisted(): boolean {
    return this.holding().unlisted >= this.limits.maxUnlisted;
  }

  /** Something else has changed what is held, or the catalogue, or a transaction was undone. */
  recount(): void {
    this.held = undefined;
    this.tables.requests.recount();
  }

  /**
   * Each row by itself, in their order.
   * @param all without room for all that are listed and new, none is added and `overloaded` is thrown
   */
  add(rows: readonly IncomingRow[], all = false): RowOutcome[] {
    if (all) this.requireRoom(rows);
    const own = new Map<string, OwnStatistics>();
    const outcomes = rows.map((row) => {
      if (row.kind === 'score') return this.tables.requests.score(row.request, row.quality, this.now());
      return this.addOne(row, own);
    });
    this.tables.own.add(own, this.now());
    return outcomes;
  }

  private addOne({ observation, ids }: Incoming, own: Map<string, OwnStatistics>): RowOutcome {
    const { observations, catalogue, requests } = this.tables;
    if (ids && requests.isKnown(ids)) return 'duplicate';
    const held = this.holding();
    const row = observations.rowOf(observation);
    const kind = catalogue.lists(row.key) ? 'listed' : 'unlisted';
    if (kind === 'listed' && held.listed >= this.limits.maxObservations) return 'full';
    if (kind === 'unlisted' && held.unlisted >= this.limits.maxUnlisted) {
      this.unlistedSkipped += 1;
      return 'unlisted';
    }
    const nowMs = this.now();
    const early = ids && requests.takeScore(ids);
    const scored =
      early === undefined || observation.quality !== undefined ? observation : { ...observation, quality: early };
    const id = observations.add([scored === observation ? row : observations.rowOf(scored)], nowMs);
    own.set(row.key, addStatistics(own.get(row.key) ?? noOwnStatistics, statisticsOf(scored)));
    if (ids) requests.put(ids, id, nowMs);
    held[kind] += 1;
    return 'accepted';
  }

  private requireRoom(rows: readonly IncomingRow[]): void {
    const { catalogue, requests } = this.tables;
    const listed = rows.filter(
      (row) =>
        row.kind === 'observation' &&
        catalogue.lists(signalKey(row.observation.model, row.observation.task)) &&
        !(row.ids && requests.isKnown(row.ids)),
    );
    if (listed.length > this.limits.maxObservations - this.holding().listed) throw noRoom();
  }

  private holding(): { listed: number; unlisted: number } {
    if (this.held) return this.held;
    const { observations, catalogue } = this.tables;
    const { waiting, taken } = observations.counts();
    const listed = catalogue.isKnown ? observations.waitingUnder('catalogue') : waiting;
    this.held = { listed: listed + taken, unlisted: waiting - listed };
    return this.held;
  }
}

export const noRoom = () =>
  new SecaggError('overloaded', 'no more observations can be held until a round has taken some');
