/**
 * Accepting observations durably. Requests that arrive while the disk is busy share the next commit, so that many small ones
 * cost little more than one large one.
 */
import { SecaggError } from '@secagg/schema';
import { failpoint } from '../failpoint';
import { type ObservationBatch } from '../store/observations';
import { type RouterStore } from '../store/router-store';

interface Pending {
  readonly batch: ObservationBatch;
  resolve(accepted: number): void;
  reject(error: unknown): void;
}

export interface IntakeLimits {
  readonly maxObservations: number;
  readonly retentionHours: number;
}

type Outcome = { accepted: number } | { refused: SecaggError };

const HOUR_MS = 3_600_000;

export class Intake {
  private pending: Pending[] = [];
  private droppedAtMs = -Infinity;
  /** Observations in the store, or more: what rounds have removed since the last count is still in it. */
  private heldAtMost = Infinity;

  constructor(
    private readonly store: Pick<RouterStore, 'observations' | 'transaction'>,
    private readonly limits: IntakeLimits,
    private readonly now: () => number,
  ) {}

  /** Resolves when the batch is on disk. Throws `overloaded` when there is no room, `duplicate` for a reused idempotency key. */
  accept(batch: ObservationBatch): Promise<number> {
    return new Promise((resolve, reject) => {
      this.pending.push({ batch, resolve, reject });
      if (this.pending.length === 1) setImmediate(() => this.flush());
    });
  }

  /** Drops what no round has taken in time. @returns how many observations */
  dropOld(): number {
    this.droppedAtMs = this.now();
    return this.store.observations.dropOlder(this.droppedAtMs - this.limits.retentionHours * HOUR_MS);
  }

  private flush(): void {
    const group = this.pending;
    this.pending = [];
    try {
      failpoint('before-durable:observations-accepted');
      const outcomes = this.store.transaction(() => {
        const added = this.addAll(group);
        failpoint('in-durable:observations-accepted');
        return added;
      });
      failpoint('after-durable:observations-accepted');
      outcomes.forEach((outcome, i) =>
        'refused' in outcome ? group[i].reject(outcome.refused) : group[i].resolve(outcome.accepted),
      );
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  private addAll(group: readonly Pending[]): Outcome[] {
    if (this.now() - this.droppedAtMs > HOUR_MS) this.dropOld();
    return group.map(({ batch }) => {
      try {
        const { accepted, added } = this.store.observations.add(
          batch,
          this.now(),
          this.roomFor(batch.observations.length),
        );
        this.heldAtMost += added;
        return { accepted };
      } catch (error) {
        if (error instanceof SecaggError) return { refused: error };
        throw error;
      }
    });
  }

  /** Counts only when it could matter: counting a full store takes longer than adding to it. */
  private roomFor(wanted: number): number {
    if (wanted > this.limits.maxObservations - this.heldAtMost) {
      const { waiting, taken } = this.store.observations.count();
      this.heldAtMost = waiting + taken;
    }
    return this.limits.maxObservations - this.heldAtMost;
  }
}
