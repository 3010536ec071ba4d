/**
 * Takes part in the rounds of its cluster by itself. A round is joined in one durable step (join-round.ts), then followed on
 * its own until it is settled (follow-round.ts): the next round need not wait for it. After a restart the unsettled ones are
 * taken up where they were.
 */
import { pause } from '@secagg/client';
import { type OpenRound, roundConfigMessage, SecaggError } from '@secagg/schema';
import { withoutRole } from '../fleet/own-role';
import { showBudget } from './budget';
import { followRound, watchRound } from './follow-round';
import { joinRound } from './join-round';
import { type Router, stateOf } from './router';

const ROLE_CHECK_MS = 60_000;

export class Participant {
  /** Catalogue of the last round that was announced. */
  catalogue: readonly string[] | undefined;
  /** Rounds, by key, that ended without an outcome. */
  readonly undecided = new Set<string>();
  /** Why the last announced round was not joined. */
  lastRefusal: { round: number; code: string; problem: string } | undefined;
  private readonly tasks = new Set<Promise<void>>();
  private highestSeen = 0;

  constructor(private readonly router: Router) {}

  /** Runs until the signal is aborted, and then until all its tasks have stopped. */
  async run(signal: AbortSignal): Promise<void> {
    const { router } = this;
    await router.fleet.untilKnown(signal);
    showBudget(router);
    const state = stateOf(router);
    this.highestSeen = state.highestRound.get(router.config.cluster) ?? 0;
    for (const [key, { outcome }] of state.participations) if (!outcome) this.start(this.follow(key, router.now(), signal), signal);
    this.start(this.catchUp(signal), signal);
    try {
      for (let failures = 0; ; ) {
        failures = (await this.next(signal)) ? 0 : failures + 1;
        if (failures > 0) await router.contact.backOff(failures, signal);
      }
    } finally {
      await Promise.allSettled(this.tasks);
    }
  }

  /** Waits for a round and joins it. False when that failed, so that the next attempt should wait. */
  private async next(signal: AbortSignal): Promise<boolean> {
    const { router } = this;
    const { cluster, pollWaitMs: waitMs } = router.config;
    try {
      await this.untilRouter(signal);
      const open = await router.contact.track(router.client.openRound(cluster, { after: this.highestSeen, router: router.config.id, waitMs }, { signal }));
      return open === undefined || (await this.join(open, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      router.log.debug({ code: error.code, problem: error.message }, 'waiting for a round failed');
      return false;
    }
  }

  private async join(open: OpenRound, signal: AbortSignal): Promise<boolean> {
    const { router } = this;
    const seenAtMs = router.now();
    const { round, cluster, layout } = roundConfigMessage.decode(open.announcement.body);
    if (cluster !== router.config.cluster || round <= this.highestSeen) return false;
    this.highestSeen = round;
    this.catalogue = layout.keys;
    try {
      const key = await joinRound(router, open, signal);
      this.lastRefusal = undefined;
      this.start(this.follow(key, seenAtMs, signal), signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      this.lastRefusal = { round, code: error.code, problem: error.message };
      router.metrics.messageRefused(error.code);
      router.log.warn(this.lastRefusal, 'round refused');
      this.start(watchRound(router, cluster, round, signal), signal);
      return false;
    }
  }

  private async follow(key: string, seenAtMs: number, signal: AbortSignal): Promise<void> {
    if (!(await followRound(this.router, key, seenAtMs, signal))) this.undecided.add(key);
  }

  /** The newest fleet documents, and the latest published round where it is newer than what is held here: for a node that was away. */
  private async catchUp(signal: AbortSignal): Promise<void> {
    const { router } = this;
    const { cluster } = router.config;
    try {
      await router.fleet.refresh(signal);
      const latest = await router.contact.track(router.client.latestRound(cluster, { signal, attempts: 1 }));
      const held = router.store.aggregates.latest(cluster)?.round ?? 0;
      const mine = latest && stateOf(router).participations.has(`${cluster}/${latest.round}`);
      if (latest && !mine && latest.round > held && latest.phase === 'published') await watchRound(router, cluster, latest.round, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      router.log.debug({ code: error.code }, 'what happened meanwhile could not be read');
    }
  }

  /** A node may be put on the roster after it was started. */
  private async untilRouter(signal: AbortSignal): Promise<void> {
    const { router } = this;
    for (let told: string | undefined; ; ) {
      const problem = withoutRole(stateOf(router).view, router.context.identity, 'router', router.now());
      if (problem === undefined) return;
      if (problem !== told) router.log.warn({ problem }, 'not taking part in rounds');
      told = problem;
      await pause(Math.min(ROLE_CHECK_MS, 12 * router.config.retryMaxMs), signal);
      await router.fleet.refresh(signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (!(error instanceof SecaggError)) throw error;
      });
    }
  }

  private start(task: Promise<void>, signal: AbortSignal): void {
    const watched = task
      .catch((error: unknown) => {
        if (!signal.aborted) this.router.log.error({ err: error }, 'a task of the participant failed');
      })
      .finally(() => this.tasks.delete(watched));
    this.tasks.add(watched);
  }
}
