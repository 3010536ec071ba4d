/**
 * Results of rounds that this router does not take part in. It watches the rounds whose announcements it has refused,
 * and asks now and then for the latest round: what the coordinator answers is not signed, so nothing that leads nowhere
 * is remembered for good.
 */
import { checkOf, roundKey } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { sending } from '../failpoint';
import { isTransient } from '../fleet/coordinator-contact';
import { askStatus, isSaidOver } from './ask-status';
import { Patience } from './patience';
import { Reminder } from './reminder';
import { type Router, stateOf } from './router';
import { observeRound } from './settle';

const WATCHED_AT_ONCE = 8;
/** A round that has led to nothing for so long is left to the look at the latest one. */
const WATCHED_FOR_MS = 3_600_000;
const LOOK_EVERY_MS = 60_000;

export class Onlooker {
  private readonly watched = new Set<number>();
  private isLooking = false;
  private lookAtMs = 0;
  private readonly reminder: Reminder;
  /** Transcripts can be long: one that was refused is not fetched again at once. */
  private refused: { readonly round: number; readonly times: number; readonly untilMs: number } | undefined;

  /** @param undecided rounds, by key, that were answered and are said to have no outcome */
  constructor(
    private readonly router: Router,
    undecided: ReadonlySet<string>,
  ) {
    this.reminder = new Reminder(router, undecided);
  }

  /**
   * Watches a round that the coordinator has announced. One that is joined meanwhile is followed as the router's own.
   */
  async watch(round: number, signal: AbortSignal): Promise<void> {
    if (this.watched.has(round) || this.watched.size >= WATCHED_AT_ONCE) return;
    this.watched.add(round);
    try {
      const patience = new Patience();
      while (patience.lastedMs < WATCHED_FOR_MS && !this.isKnown(round)) {
        const said = await askStatus(this.router, this.router.config.cluster, round, signal);
        if (typeof said !== 'string' && said.phase === 'published') await this.observe(round, signal);
        if (!this.isKnown(round)) await this.router.contact.backOff(3, signal);
        if (isSaidOver(said)) await patience.wait(signal);
      }
    } finally {
      this.watched.delete(round);
    }
  }

  /**
   * Looks at the latest round when that is due: it may have come and gone while this node or the coordinator was away.
   */
  async look(isDue: boolean, signal: AbortSignal): Promise<void> {
    const { router } = this;
    // Times of the process, which no clock that is set changes.
    if (this.isLooking || (!isDue && performance.now() < this.lookAtMs)) return;
    this.isLooking = true;
    this.lookAtMs = performance.now() + LOOK_EVERY_MS;
    try {
      for (let isFirst = isDue; await this.isUnderWay(isFirst, signal); isFirst = false)
        await router.contact.backOff(3, signal);
    } finally {
      this.isLooking = false;
    }
  }

  /** Takes the result of the latest round, if it is over. True while it is not. */
  private async isUnderWay(isDue: boolean, signal: AbortSignal): Promise<boolean> {
    const { client, contact, config, log } = this.router;
    try {
      const latest = await sending('latest-round', () =>
        contact.track(client.latestRound(config.cluster, { signal, attempts: 1 })),
      );
      await this.reminder.remind(latest?.round ?? 0, isDue, signal);
      if (!latest || this.isKnown(latest.round) || this.watched.has(latest.round)) return false;
      const said = await askStatus(this.router, config.cluster, latest.round, signal);
      if (typeof said === 'string') return false;
      if (said.phase === 'published') await this.observe(latest.round, signal);
      return !isSaidOver(said);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      // Soon again, not in a minute.
      this.lookAtMs = 0;
      log.debug({ code: error.code }, 'what happened meanwhile could not be read');
      return false;
    }
  }

  /** Whether this router takes part in the round, or has verified what was decided. */
  private isKnown(round: number): boolean {
    const { store, config } = this.router;
    const key = roundKey(config.cluster, round);
    return stateOf(this.router).participations.has(key) || store.decided.decisionBody(key) !== undefined;
  }

  private async observe(round: number, signal: AbortSignal): Promise<void> {
    const { router } = this;
    const { config, log } = router;
    const before = this.refused?.round === round ? this.refused : undefined;
    if (before && performance.now() < before.untilMs) return;
    try {
      await observeRound(router, config.cluster, round, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      if (isTransient(error)) return;
      const times = (before?.times ?? 0) + 1;
      this.refused = { round, times, untilMs: performance.now() + config.retryMaxMs * 2 ** Math.min(times, 10) };
      router.metrics.messageRefused(error.code);
      log.warn(
        { round, code: error.code, check: checkOf(error), detail: error.message },
        'the outcome of the round could not be verified',
      );
    }
  }
}
