/**
 * Accepting observations durably. Requests that arrive while the disk is busy share the next commit, so that many small ones
 * cost little more than one large one.
 *
 * What no round can take must not keep out what one would: observations whose key the last catalogue lacks have a small quota of their own, and
 * beyond it they are not kept. Before a catalogue is known, every key may be in it.
 */
import { SecaggError } from '@secagg/schema';
import { failpoint } from '../failpoint';
import { type Accepted } from '../store/accepted-batches';
import { type ObservationTables } from '../store/observation-tables';
import { parseBatch } from './parse-batch';

/** A batch as it arrived. */
export interface RawBatch {
  readonly contentType: string;
  readonly body: Uint8Array;
  /** A batch under a key counts once, however often it is sent. */
  readonly idempotencyKey?: string;
}

export interface IntakeLimits {
  /** Most observations of listed keys, waiting and taken. */
  readonly maxObservations: number;
  /** Most waiting observations of keys that the catalogue lacks. */
  readonly maxUnlisted: number;
}

interface Pending {
  readonly batch: RawBatch;
  resolve(accepted: Accepted): void;
  reject(error: unknown): void;
}

type Outcome = { readonly accepted: Accepted } | { readonly refused: SecaggError };

/** Bytes after which a commit takes no further batch, so that nothing waits for long behind it. */
const BYTES_PER_COMMIT = 2 * 1024 * 1024;

export class Intake {
  private pending: Pending[] = [];
  /** Observations of unlisted keys that were not kept. */
  unlistedSkipped = 0;
  /** What is held of listed and of unlisted keys; undefined when that is to be looked up again. */
  private held: { listed: number; unlisted: number } | undefined;

  constructor(
    private readonly tables: Pick<ObservationTables, 'observations' | 'batches' | 'catalogue' | 'transaction'>,
    private readonly limits: IntakeLimits,
    private readonly now: () => number,
  ) {}

  /**
   * Resolves when the batch is on disk. Throws what parsing throws, `overloaded` when there is no room for its listed observations, `duplicate`
   * for a reused idempotency key.
   */
  accept(batch: RawBatch): Promise<Accepted> {
    return new Promise((resolve, reject) => this.pending.push({ batch, resolve, reject }));
  }

  /** Something else has changed what is held, or the catalogue. */
  recount(): void {
    this.held = undefined;
  }

  get isFullOfUnlisted(): boolean {
    return this.holding().unlisted >= this.limits.maxUnlisted;
  }

  /** Commits what has come, or the first part of it. @returns whether nothing is left */
  flush(): boolean {
    const group: Pending[] = [];
    let outcomes: readonly Outcome[];
    failpoint('before-durable:observations-accepted');
    try {
      outcomes = this.tables.transaction(() => {
        const added = this.addSome(group);
        failpoint('in-durable:observations-accepted');
        return added;
      });
    } catch (error) {
      this.recount();
      for (const { reject } of group) reject(error);
      return this.pending.length === 0;
    }
    failpoint('after-durable:observations-accepted');
    outcomes.forEach((outcome, i) =>
      'refused' in outcome ? group[i].reject(outcome.refused) : group[i].resolve(outcome.accepted),
    );
    return this.pending.length === 0;
  }

  /** Moves batches from `pending` to `group`, one after the other, and adds them. */
  private addSome(group: Pending[]): Outcome[] {
    const outcomes: Outcome[] = [];
    for (let bytes = 0; bytes < BYTES_PER_COMMIT; ) {
      const next = this.pending.shift();
      if (!next) break;
      group.push(next);
      bytes += next.batch.body.length;
      try {
        outcomes.push({ accepted: this.add(next.batch) });
      } catch (error) {
        if (!(error instanceof SecaggError)) throw error;
        outcomes.push({ refused: error });
      }
    }
    return outcomes;
  }

  private add({ contentType, body, idempotencyKey }: RawBatch): Accepted {
    const { observations, batches, catalogue } = this.tables;
    const rows = parseBatch(contentType, body).map((observation) => observations.rowOf(observation));
    const before = idempotencyKey === undefined ? undefined : batches.find(idempotencyKey, rows);
    if (before) return before;

    const held = this.holding();
    const listed = rows.filter(({ key }) => catalogue.lists(key));
    const unlisted = rows.filter(({ key }) => !catalogue.lists(key));
    if (listed.length > this.limits.maxObservations - held.listed)
      throw new SecaggError('overloaded', 'no more observations can be held until a round has taken some');
    const kept = unlisted.slice(0, Math.max(0, this.limits.maxUnlisted - held.unlisted));
    const accepted = { accepted: listed.length + kept.length, unlisted: unlisted.length - kept.length };
    observations.add([...listed, ...kept], this.now());
    if (idempotencyKey !== undefined) batches.put(idempotencyKey, rows, accepted, this.now());
    this.unlistedSkipped += accepted.unlisted;
    held.listed += listed.length;
    held.unlisted += kept.length;
    return accepted;
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
