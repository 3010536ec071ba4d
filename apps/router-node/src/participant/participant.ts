/**
 * Takes part in the rounds of its cluster by itself. A round is checked where it was polled; then it is prepared
 * (join-round.ts) and followed until it is settled (follow-round.ts) on its own: the next poll waits for neither. After
 * a restart the unsettled ones are taken up where they were.
 */
import { pause } from '@secagg/client';
import { certificateProblem, checkOf, evidenceOfSecondAnnouncement, isAnnounced } from '@secagg/protocol';
import { type OpenRound, roundConfigMessage, SecaggError } from '@secagg/schema';
import { sending } from '../failpoint';
import { showBudget } from './budget';
import { followRound } from './follow-round';
import { enterRound } from './enter-round';
import { Onlooker } from './onlooker';
import { RoundCursor } from './round-cursor';
import { type Router, stateOf } from './router';
import { type Slot, slotOfPrepared } from './slot';

const ROLE_CHECK_MS = 60_000;

/** Why a round was not joined; `check` is the name of the check it failed at. */
export type Refusal = {
  readonly round: number;
  readonly code: string;
  readonly check?: string;
  readonly problem: string;
};

export class Participant {
  /** Rounds, by key, that are said to have ended without an outcome. */
  readonly undecided = new Set<string>();
  /** Why the last announced round was not joined. */
  lastRefusal: Refusal | undefined;
  private readonly tasks = new Set<Promise<void>>();
  private readonly cursor = new RoundCursor();
  private readonly onlooker: Onlooker;
  /** The coordinator was out of reach: rounds may have come and closed meanwhile. */
  private wasAway = false;

  constructor(private readonly router: Router) {
    this.onlooker = new Onlooker(router, this.undecided);
  }

  /** Runs until the signal is aborted, and then until all its tasks have stopped. */
  async run(signal: AbortSignal): Promise<void> {
    const { router } = this;
    await router.fleet.untilKnown(signal);
    showBudget(router);
    for (const [key, { outcome, announcement }] of stateOf(router).participations) {
      if (outcome) continue;
      const slot = slotOfPrepared(roundConfigMessage.decode(announcement.body), router.config, router.now());
      this.start(() => this.follow(key, slot, signal), signal);
    }
    this.start(() => this.refreshFleet(signal), signal);
    this.start(() => this.onlooker.look(true, signal), signal);
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
    const { cluster, pollWaitMs } = router.config;
    try {
      await this.untilRouter(signal);
      const after = this.cursor.after(stateOf(router).highestRound.get(cluster) ?? 0);
      // One that was away may have come back with less than it had: it is looked at before there is anything to wait
      // for.
      const waitMs = this.wasAway ? 0 : pollWaitMs;
      const open = await sending('open-round', () =>
        router.contact.poll(
          'rounds',
          router.client.openRound(cluster, { after, router: router.config.id, waitMs }, { signal }),
        ),
      );
      const { wasAway } = this;
      this.wasAway = false;
      this.start(() => this.onlooker.look(wasAway, signal), signal);
      if (open) return await this.join(open, signal);
      this.cursor.startOver();
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      this.cursor.startOver();
      this.wasAway = true;
      router.log.debug({ code: error.code, detail: error.message }, 'waiting for a round failed');
      return false;
    }
  }

  private async join(open: OpenRound, signal: AbortSignal): Promise<boolean> {
    const { router } = this;
    const seenAtMs = router.now();
    const { round, cluster } = roundConfigMessage.decode(open.announcement.body);
    try {
      if (cluster !== router.config.cluster)
        throw new SecaggError('wrong_config', 'the round is of another cluster', { round });
      await enterRound(router, open, seenAtMs, signal, (preparing, slot) => {
        this.cursor.begun(round);
        this.start(() => this.takePart(round, preparing, slot, signal), signal);
      });
      return true;
    } catch (error) {
      signal.throwIfAborted();
      this.refused(round, error);
      const announced = cluster === router.config.cluster && isAnnounced(stateOf(router), open.announcement);
      this.cursor.refused(round, announced);
      if (!announced) return false;
      const evidence = evidenceOfSecondAnnouncement(stateOf(router), open);
      if (evidence) router.standing.keep(stateOf(router).view.authorityKey, evidence);
      this.start(() => this.onlooker.watch(round, signal), signal);
      return false;
    }
  }

  private async takePart(round: number, preparing: Promise<string>, slot: Slot, signal: AbortSignal): Promise<void> {
    let key: string;
    try {
      key = await preparing;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) this.router.log.error({ error, round }, 'preparing for a round failed');
      this.refused(round, error instanceof SecaggError ? error : new SecaggError('internal', 'preparing failed'));
      return this.onlooker.watch(round, signal);
    }
    this.lastRefusal = undefined;
    return this.follow(key, slot, signal);
  }

  private refused(round: number, error: unknown): void {
    if (!(error instanceof SecaggError)) throw error;
    const { metrics, log } = this.router;
    const check = checkOf(error);
    const before = this.lastRefusal;
    this.lastRefusal = { round, code: error.code, ...(check ? { check } : {}), problem: error.message };
    metrics.messageRefused(error.code);
    // An open round comes again while it is open.
    log[before?.round === round && before.code === error.code ? 'debug' : 'warn'](
      { round, code: error.code, check, detail: error.message },
      'round refused',
    );
  }

  private follow(key: string, slot: Slot, signal: AbortSignal): Promise<void> {
    const tell = (undecided: boolean) => this.undecided[undecided ? 'add' : 'delete'](key);
    return followRound(this.router, key, slot, tell, signal);
  }

  /** Until the newest fleet documents are known: for a node that was away. */
  private async refreshFleet(signal: AbortSignal): Promise<void> {
    const { router } = this;
    for (let attempt = 1; ; attempt++) {
      try {
        return await router.fleet.refreshAgain(signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof SecaggError)) throw error;
        router.log.debug({ code: error.code }, 'the newest fleet documents could not be read');
        await router.contact.backOff(attempt, signal);
      }
    }
  }

  /** A node may be put on the roster after it was started. */
  private async untilRouter(signal: AbortSignal): Promise<void> {
    const { router } = this;
    for (let told: string | undefined; ; ) {
      const problem = certificateProblem(stateOf(router).view, router.context.identity, 'router', router.now());
      if (problem === undefined) return;
      router.contact.polls.ended('rounds');
      if (problem.detail !== told) router.log.warn({ detail: problem.detail }, 'not taking part in rounds');
      told = problem.detail;
      await pause(Math.min(ROLE_CHECK_MS, 12 * router.config.retryMaxMs), signal);
      await router.fleet.refresh(signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (!(error instanceof SecaggError)) throw error;
      });
    }
  }

  /** Runs a task to its end: one that fails for a reason nobody has thought of is begun again. */
  private start(task: () => Promise<void>, signal: AbortSignal): void {
    const run = async (): Promise<void> => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await task();
        } catch (error) {
          signal.throwIfAborted();
          this.router.log.error({ error }, 'a task of the participant failed, and is begun again');
          await this.router.contact.backOff(attempt, signal);
        }
      }
    };
    const watched = run()
      .catch(() => undefined)
      .finally(() => this.tasks.delete(watched));
    this.tasks.add(watched);
  }
}
