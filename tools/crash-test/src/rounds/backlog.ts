/** What each router has been given, and which round has published it: every batch belongs in exactly one. */
import { type RewardObservation } from '@secagg/schema';
import { type UnsafeDraw } from '@secagg/testbed/random';
import { keyOf, LATENCY_BOUND_S, SLOTS } from '../fleet/terms';

export interface Batch {
  readonly id: string;
  readonly router: string;
  readonly slot: number;
  readonly observations: readonly RewardObservation[];
  /** A ready-made signal, which goes before all observations and alone. */
  readonly isSignal: boolean;
  acknowledged: boolean;
  /** An earlier round may still hold it: the router had contributed it there, and had not settled that round yet. */
  mayBeHeld: boolean;
  publishedIn?: number;
}

export class Backlog {
  readonly batches: Batch[] = [];
  private readonly nextSlot = new Map<string, number>();

  /** A new batch for a router, or undefined while all of its slots are in use. */
  draw(
    draw: UnsafeDraw,
    router: string,
    [fewest, most]: readonly [number, number],
    isSignal = false,
  ): Batch | undefined {
    const slot = this.nextSlot.get(router) ?? 0;
    if (this.waitingIn(router, slot)) return undefined;
    this.nextSlot.set(router, (slot + 1) % SLOTS);
    const size = fewest + draw.below(most - fewest + 1);
    const observations = Array.from({ length: size }, () => ({
      ...keyOf(router, slot),
      success: draw.chance(0.6),
      latency_s: draw.below(LATENCY_BOUND_S * 1000) / 1000,
    }));
    const batch: Batch = {
      id: `${router}-${this.batches.length}`,
      router,
      slot,
      observations,
      isSignal,
      acknowledged: false,
      mayBeHeld: false,
    };
    this.batches.push(batch);
    return batch;
  }

  /** What no round has published yet. */
  waiting(router: string): Batch[] {
    return this.batches.filter((batch) => batch.router === router && batch.publishedIn === undefined);
  }

  /** At most one: a slot is used again only when what was in it has been published. */
  waitingIn(router: string, slot: number): Batch | undefined {
    return this.waiting(router).find((batch) => batch.slot === slot);
  }
}
