/** Rounds that start by themselves: on a schedule, or when enough routers wait. */
import { asSecaggError } from '@secagg/http';
import { type CoordinatorState } from '@secagg/protocol';
import { type SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { collectingRounds } from './open-rounds';
import { announced, type ClusterPlan } from './start-round';
import { type WaitingRouters } from './waiting-routers';

export type Trigger =
  | { readonly kind: 'manual' }
  /** A round every `everyMs`, counted from announcement to announcement; never two that collect at once. */
  | { readonly kind: 'interval'; readonly everyMs: number }
  /** A round as soon as `routers` wait for one and none is collecting, at most every `atMostEveryMs`. */
  | { readonly kind: 'waiting'; readonly routers: number; readonly atMostEveryMs: number };

export interface TriggeredCluster {
  readonly plan: ClusterPlan;
  readonly trigger: Trigger;
}

/** 0 for none. A round that was announced while the clock was ahead does not count. */
const lastAnnouncedMs = ({ rounds, view }: CoordinatorState, cluster: string, nowMs: number): number =>
  Math.max(
    0,
    ...[...rounds.values()]
      .filter(({ round }) => round.config.cluster === cluster)
      .map(({ round }) => round.config.round_time_ms)
      .filter((atMs) => atMs <= nowMs + view.policy.clock_tolerance_ms),
  );

const LOOK_MS = 100;
/** After a refusal (no epoch yet, budget exhausted) the same would be refused again at once. */
const PAUSE_AFTER_REFUSAL_MS = 1000;

export class RoundTriggers {
  private timer: NodeJS.Timeout | undefined;
  private readonly notBeforeMs = new Map<string, number>();
  private readonly refusedWith = new Map<string, string>();
  /** Clusters whose next announcement is on its way to the journal. */
  private readonly starting = new Set<string>();

  constructor(
    private readonly engine: Engine,
    private readonly clusters: readonly TriggeredCluster[],
    private readonly waiting: WaitingRouters,
    /** Told of a refusal when it is another than the last one of the cluster. */
    private readonly onRefused: (cluster: string, problem: SecaggError, cause: unknown) => void,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Starts what is due. */
  look(): void {
    const { state } = this.engine.journal;
    for (const { plan, trigger } of this.clusters)
      if (this.isDue(state, plan.cluster, trigger)) void this.run(plan, trigger);
  }

  private isDue(state: CoordinatorState, cluster: string, trigger: Trigger): boolean {
    const { now } = this.engine;
    const pauseMs = (this.notBeforeMs.get(cluster) ?? 0) - now();
    if (trigger.kind === 'manual' || (pauseMs > 0 && pauseMs <= PAUSE_AFTER_REFUSAL_MS)) return false;
    const everyMs = trigger.kind === 'interval' ? trigger.everyMs : trigger.atMostEveryMs;
    if (now() < lastAnnouncedMs(state, cluster, now()) + everyMs) return false;
    if (trigger.kind === 'waiting' && this.waiting.countWaiting(cluster) < trigger.routers) return false;
    return collectingRounds(state, cluster).length === 0;
  }

  private async run(plan: ClusterPlan, trigger: Trigger): Promise<void> {
    const { cluster } = plan;
    const { journal, now } = this.engine;
    const startedMs = now();
    if (this.starting.has(cluster)) return;
    this.starting.add(cluster);
    try {
      // Whether it is due is decided once more on the newest state: another replica may have been faster.
      await journal.commitIfDue((state) => ({
        events: this.isDue(state, cluster, trigger) ? announced(this.engine, plan)(state).events : [],
        reply: undefined,
      }));
      this.refusedWith.delete(cluster);
    } catch (error) {
      this.notBeforeMs.set(cluster, startedMs + PAUSE_AFTER_REFUSAL_MS);
      const problem = asSecaggError(error);
      if (this.refusedWith.get(cluster) !== problem.code) this.onRefused(cluster, problem, error);
      this.refusedWith.set(cluster, problem.code);
    } finally {
      this.starting.delete(cluster);
    }
  }
}
