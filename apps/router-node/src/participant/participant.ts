/**
 * Takes part in the rounds of its cluster by itself. A round is joined in one durable step (join-round.ts), then followed on
 * its own until it is settled (follow-round.ts): the next round need not wait for it. After a restart the unsettled ones are
 * taken up where they were.
 */
import { pause } from '@secagg/client';
import { checkOf, ensure, evidenceOfSecondAnnouncement, roundKey } from '@secagg/protocol';
import { type OpenRound, roundConfigMessage, SecaggError } from '@secagg/schema';
import { sending } from '../failpoint';
import { withoutRole } from '../fleet/own-role';
import { showBudget } from './budget';
import { followRound, watchRound } from './follow-round';
import { joinRound } from './join-round';
import { type Router, stateOf } from './router';

const ROLE_CHECK_MS = 60_000;

/** Why a round was not joined; `check` is the name of the check it failed at. */
export type Refusal = {
  readonly round: number;
  readonly code: string;
  readonly check?: string;
  readonly problem: string;
};

export class Participant {
  /** Catalogue of the last round that was announced. */
  catalogue: readonly string[] | undefined;
  /** Rounds, by key, that ended without an outcome. */
  readonly undecided = new Set<string>();
  /** Why the last announced round was not joined. */
  lastRefusal: Refusal | undefined;
  private readonly tasks = new Set<Promise<void>>();
  private highestSeen = 0;
  /** The coordinator was out of reach: rounds may have come and closed meanwhile. */
  private wasAway = false;

  constructor(private readonly router: Router) {}

  /** Runs until the signal is aborted, and then until all its tasks have stopped. */
  async run(signal: AbortSignal): Promise<void> {
    const { router } = this;
    await router.fleet.untilKnown(signal);
    showBudget(router);
    const state = stateOf(router);
    this.highestSeen = state.highestRound.get(router.config.cluster) ?? 0;
    for (const [key, { outcome }] of state.participations)
      if (!outcome) this.start(this.follow(key, router.now(), signal), signal);
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
      const query = { after: this.highestSeen, router: router.config.id, waitMs };
      const open = await sending('open-round', () =>
        router.contact.track(router.client.openRound(cluster, query, { signal })),
      );
      if (this.wasAway) this.start(this.watchMissed(signal), signal);
      this.wasAway = false;
      return open === undefined || (await this.join(open, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      this.wasAway = true;
      router.log.debug({ code: error.code, problem: error.message }, 'waiting for a round failed');
      return false;
    }
  }

  private async join(open: OpenRound, signal: AbortSignal): Promise<boolean> {
    const { router } = this;
    const seenAtMs = router.now();
    const { round, cluster, layout } = roundConfigMessage.decode(open.announcement.body);
    if (cluster !== router.config.cluster) return false;
    try {
      ensure('round.once', round > this.highestSeen, 'stale_round', `round ${round} was announced before`, { round });
    } catch (error) {
      this.refused(round, error);
      const evidence = evidenceOfSecondAnnouncement(stateOf(router), open);
      if (evidence) router.standing.keep(stateOf(router).view.authorityKey, evidence);
      return false;
    }
    this.highestSeen = Math.max(round, this.highestSeen);
    this.catalogue = layout.keys;
    try {
      const key = await joinRound(router, open, signal);
      this.lastRefusal = undefined;
      this.start(this.follow(key, seenAtMs, signal), signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      this.refused(round, error);
      this.start(watchRound(router, cluster, round, signal), signal);
      return false;
    }
  }

  private refused(round: number, error: unknown): void {
    if (!(error instanceof SecaggError)) throw error;
    const { metrics, log } = this.router;
    const check = checkOf(error);
    this.lastRefusal = { round, code: error.code, ...(check ? { check } : {}), problem: error.message };
    metrics.messageRefused(error.code);
    log.warn(this.lastRefusal, 'round refused');
  }

  private async follow(key: string, seenAtMs: number, signal: AbortSignal): Promise<void> {
    if (!(await followRound(this.router, key, seenAtMs, signal))) this.undecided.add(key);
  }

  /** The newest fleet documents, and the round missed last: for a node that was away. */
  private async catchUp(signal: AbortSignal): Promise<void> {
    const { router } = this;
    try {
      await router.fleet.refresh(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      router.log.debug({ code: error.code }, 'the newest fleet documents could not be read');
    }
    await this.watchMissed(signal);
  }

  /** The latest round, where it is newer than what is held here and not this router's own: it may be over, or still be under way. */
  private async watchMissed(signal: AbortSignal): Promise<void> {
    const { router } = this;
    const { cluster } = router.config;
    try {
      const latest = await sending('latest-round', () =>
        router.contact.track(router.client.latestRound(cluster, { signal, attempts: 1 })),
      );
      const held = router.store.aggregates.latest(cluster)?.round ?? 0;
      const mine = latest && stateOf(router).participations.has(roundKey(cluster, latest.round));
      if (latest && !mine && latest.round > held) await watchRound(router, cluster, latest.round, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      this.wasAway = true;
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
