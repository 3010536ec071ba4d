/**
 * A coordinator whose latest round is below one that this router has answered may have been rolled back: it is shown
 * its own announcement, so that it signs for no number again (docs/protocol.md, "Numbers and backups").
 */
import { type Participation } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { isTransient } from '../fleet/coordinator-contact';
import { type Router, stateOf } from './router';

const REMIND_EVERY_MS = 60_000;

export class Reminder {
  private remindAtMs = 0;
  /** The round that the operator was told of last. */
  private told = 0;

  /** @param undecided rounds, by key, that were answered and are said to have no outcome */
  constructor(
    private readonly router: Router,
    private readonly undecided: ReadonlySet<string>,
  ) {}

  /**
   * Never throws what the coordinator answers: that it is not believed, or not understood, changes nothing for this
   * router.
   * @param latest what the coordinator says its latest round is; 0 for none
   * @param isDue whether it was away
   */
  async remind(latest: number, isDue: boolean, signal: AbortSignal): Promise<void> {
    const { client, contact, log } = this.router;
    const answered = this.highestAnswered();
    if (!answered || answered.round <= latest) return;
    // Times of the process, which no clock that is set changes.
    if (!isDue && performance.now() < this.remindAtMs) return;
    this.remindAtMs = performance.now() + REMIND_EVERY_MS;
    const { round, announcement } = answered;
    try {
      await contact.track(client.remind(announcement, { signal, attempts: 1 }));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      if (isTransient(error)) this.remindAtMs = 0;
      log.debug({ round, latest, code: error.code }, 'the coordinator does not take its announcement back');
      return;
    }
    if (this.told !== round)
      log.warn({ round, latest }, 'the coordinator seems to have forgotten a round that it announced: it was shown it');
    this.told = round;
  }

  /** Of one that is not sent yet nothing is said: when a router has prepared it tells how much there was to prepare. */
  private highestAnswered(): Participation | undefined {
    const { cluster } = this.router.config;
    let highest: Participation | undefined;
    for (const [key, participation] of stateOf(this.router).participations) {
      const { receipt, outcome, round } = participation;
      if (participation.cluster !== cluster || round <= (highest?.round ?? 0)) continue;
      if (receipt || outcome || this.undecided.has(key)) highest = participation;
    }
    return highest;
  }
}
