/** Rounds that start by themselves: on a schedule, or when enough routers wait. */
import { type Part } from '@secagg/host';
import { asSecaggError } from '@secagg/http';
import { type CoordinatorState, pastRounds } from '@secagg/protocol';
import { roundConfigMessage, type SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { collectingRounds } from './open-rounds';
import { isFinal } from './phases';
import { type Interval, type PutOff, putOff } from './put-off';
import { announced, type ClusterPlan } from './start-round';
import { type WaitingRouters } from './waiting-routers';

export type Trigger =
  | { readonly kind: 'manual' }
  /**
   * A round every `everyMs`, counted from announcement to announcement, unless it is put off; never two that collect at
   * once.
   */
  | Interval
  /** A round as soon as `routers` wait for one and none is collecting, at most every `atMostEveryMs`. */
  | { readonly kind: 'waiting'; readonly routers: number; readonly atMostEveryMs: number };

export interface TriggeredCluster {
  readonly plan: ClusterPlan;
  readonly trigger: Trigger;
}

/** 0 for none. A round that was announced while the clock was ahead does not count. */
function lastAnnouncedMs(state: CoordinatorState, cluster: string, nowMs: number): number {
  const latest = nowMs + state.view.policy.clock_tolerance_ms;
  const times = [...state.rounds.values()]
    .filter(({ verified: round }) => round.config.cluster === cluster)
    .map(({ verified: round }) => round.config.round_time_ms);
  // Rounds leave memory soon after they are over.
  return Math.max(0, ...[...times, pastRounds(state, cluster).announcedAtMs].filter((atMs) => atMs <= latest));
}

const LOOK_MS = 100;
/** After a refusal (no epoch yet, budget exhausted) the same would be refused again at once. */
const PAUSE_AFTER_REFUSAL_MS = 1000;

export class RoundTriggers implements Part {
  readonly name = 'round triggers';
  private timer: NodeJS.Timeout | undefined;
  private readonly notBeforeMs = new Map<string, number>();
  private readonly refusedWith = new Map<string, string>();
  /** Clusters whose next announcement is on its way to the journal. */
  private readonly starting = new Set<string>();
  /** Routers that waited when the last round was announced; not known of rounds before this process started. */
  private readonly waitedAtAnnouncement = new Map<string, number>();
  private readonly found = new Map<string, PutOff | undefined>();

  constructor(
    private readonly engine: Engine,
    private readonly clusters: readonly TriggeredCluster[],
    private readonly waiting: WaitingRouters,
    /** Told of a refusal when it is another than the last one of the cluster. */
    private readonly onRefused: (cluster: string, problem: SecaggError, cause: unknown) => void,
    /** Told when the rounds of a cluster are put off, no more, or for another reason. */
    private readonly onPutOff: (cluster: string, found: PutOff | undefined) => void = () => undefined,
  ) {
    engine.journal.onEvent((event) => {
      if (event.type !== 'round-announced') return;
      const { cluster } = roundConfigMessage.decode(event.announcement.body);
      this.waitedAtAnnouncement.set(cluster, waiting.countWaiting(cluster));
    });
  }

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /**
   * When the next round of a cluster is due by itself, and why that is later than its interval; undefined for other
   * triggers.
   */
  next(cluster: string): { readonly atMs: number; readonly putOff?: PutOff } | undefined {
    const { journal, now } = this.engine;
    const found = this.clusters.find(({ plan }) => plan.cluster === cluster);
    if (found?.trigger.kind !== 'interval') return undefined;
    const put = this.putOff(journal.state, found.plan, found.trigger);
    const atMs = put?.untilMs ?? lastAnnouncedMs(journal.state, cluster, now()) + found.trigger.everyMs;
    return { atMs, ...(put ? { putOff: put } : {}) };
  }

  /** Starts what is due. */
  look(): void {
    const { state } = this.engine.journal;
    for (const { plan, trigger } of this.clusters) if (trigger.kind === 'interval') this.tell(state, plan, trigger);
    for (const { plan, trigger } of this.clusters) if (this.isDue(state, plan, trigger)) void this.run(plan, trigger);
  }

  private putOff(state: CoordinatorState, plan: ClusterPlan, interval: Interval): PutOff | undefined {
    const nowMs = this.engine.now();
    const { cluster } = plan;
    const waiting = {
      now: this.waiting.countWaiting(cluster),
      atAnnouncement: this.waitedAtAnnouncement.get(cluster),
    };
    return putOff(state, plan, interval, { lastMs: lastAnnouncedMs(state, cluster, nowMs), waiting, nowMs });
  }

  /** What a round under way will come to, and cost, is not known yet. */
  private tell(state: CoordinatorState, plan: ClusterPlan, interval: Interval): void {
    const { cluster } = plan;
    for (const { phase, verified: round } of state.rounds.values())
      if (round.config.cluster === cluster && !isFinal(phase)) return;
    const found = this.putOff(state, plan, interval);
    const before = this.found.get(cluster);
    this.found.set(cluster, found);
    if (before?.reason !== found?.reason) this.onPutOff(cluster, found);
  }

  private isDue(state: CoordinatorState, plan: ClusterPlan, trigger: Trigger): boolean {
    const { now } = this.engine;
    const { cluster } = plan;
    const pauseMs = (this.notBeforeMs.get(cluster) ?? 0) - now();
    if (trigger.kind === 'manual' || (pauseMs > 0 && pauseMs <= PAUSE_AFTER_REFUSAL_MS)) return false;
    const everyMs = trigger.kind === 'interval' ? trigger.everyMs : trigger.atMostEveryMs;
    if (now() < lastAnnouncedMs(state, cluster, now()) + everyMs) return false;
    if (trigger.kind === 'waiting' && this.waiting.countWaiting(cluster) < trigger.routers) return false;
    if (collectingRounds(state, cluster).length > 0) return false;
    return trigger.kind === 'waiting' || now() >= (this.putOff(state, plan, trigger)?.untilMs ?? 0);
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
        events: this.isDue(state, plan, trigger) ? announced(this.engine, plan)(state).events : [],
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
