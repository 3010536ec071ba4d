/**
 * Asks for the end of a round until it is settled. Only what is verified settles it: whatever else the coordinator says
 * of the round is asked again (docs/protocol.md, "Unsigned answers").
 */
import { checkOf, settleUndecided } from '@secagg/protocol';
import { type RoundStatus, SecaggError } from '@secagg/schema';
import { isTransient } from '../fleet/coordinator-contact';
import { askStatus, isSaidOver, type SaidOfRound } from './ask-status';
import { checkInclusion } from './check-inclusion';
import { Patience } from './patience';
import { type Router, stateOf } from './router';
import { settleFromAbort, settleFromTranscript } from './settle';

/** Outcomes that did not verify after which this is counted as a failed round. */
const REFUSALS_COUNTED = 12;
/** How long a coordinator must have had nothing to show, after the end of the epoch, for the round to be given up. */
const GIVEN_UP_AFTER_MS = 3_600_000;

export class RoundFollower {
  private readonly cluster: string;
  private readonly round: number;
  private readonly patience = new Patience();
  private refusals = 0;
  private isInclusionChecked = false;
  private isUndecidedTold = false;

  constructor(
    private readonly router: Router,
    private readonly key: string,
    private readonly tell: (undecided: boolean) => void,
  ) {
    const participation = stateOf(router).participations.get(key);
    this.cluster = participation?.cluster ?? '';
    this.round = participation?.round ?? 0;
  }

  /** Whether there is a verified outcome: other members of the fleet may show the decision meanwhile. */
  isSettled(): boolean {
    const participation = stateOf(this.router).participations.get(this.key);
    return participation === undefined || participation.outcome !== undefined;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { router } = this;
    for (let attempt = 1; !this.isSettled(); attempt++) {
      const askedMs = router.now();
      const said = await askStatus(router, this.cluster, this.round, signal);
      if (this.isSettled()) return;
      if (isSaidOver(said)) await this.settle(said, attempt, signal);
      else if (said !== 'away') {
        this.tell(false);
        // A wait that took its time needs no pause.
        if (router.now() - askedMs > 1000) attempt = 0;
        else await router.contact.backOff(Math.min(attempt, 3), signal);
      } else await router.contact.backOff(attempt, signal);
    }
  }

  protected async settle(said: SaidOfRound, attempt: number, signal: AbortSignal): Promise<void> {
    const { router, key } = this;
    const status = typeof said === 'string' ? undefined : said;
    try {
      await router.store.unlocked();
      if (status?.phase === 'published') await this.settlePublished(signal);
      else if (status?.phase === 'aborted' && status.decision) settleFromAbort(router, key, status.decision);
      else this.undecided(status);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      this.refused(error);
      if (isTransient(error)) return router.contact.backOff(attempt, signal);
    }
    if (this.isSettled()) return;
    await router.contact.backOff(attempt, signal);
    await this.patience.wait(signal);
    if (this.patience.lastedMs <= GIVEN_UP_AFTER_MS) return;
    await router.store.unlocked();
    this.giveUp();
  }

  private async settlePublished(signal: AbortSignal): Promise<void> {
    this.isInclusionChecked ||= await checkInclusion(this.router, this.key, signal);
    await settleFromTranscript(this.router, this.key, signal);
  }

  private undecided(status: RoundStatus | undefined): void {
    this.tell(true);
    if (this.isUndecidedTold) return;
    this.isUndecidedTold = true;
    const { metrics, log } = this.router;
    metrics.roundFailed('committee_unavailable');
    log.warn(
      { round: this.round, phase: status?.phase ?? 'unknown' },
      'the round is said to have no outcome: it stays charged and its observations taken until its epoch is over, and is asked for again',
    );
  }

  private refused(error: SecaggError): void {
    const { metrics, log } = this.router;
    if (!isTransient(error)) this.refusals += 1;
    log[this.refusals <= REFUSALS_COUNTED ? 'warn' : 'debug'](
      { round: this.round, code: error.code, check: checkOf(error), detail: error.message },
      'the outcome of the round could not be verified',
    );
    if (this.refusals === REFUSALS_COUNTED && !isTransient(error)) metrics.roundFailed(error.code);
  }

  private giveUp(): void {
    const { router, key, round } = this;
    const { events, reply: chargedUnits } = settleUndecided(stateOf(router), key, router.now());
    if (events.length === 0) return;
    router.store.journal.append(events, () => router.releases.end(key, { chargedUnits }));
    router.log.warn(
      { round },
      'nobody has shown an outcome of the round since the end of its epoch: it is charged in full, and its observations wait again with that charge',
    );
  }
}
