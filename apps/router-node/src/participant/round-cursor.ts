/**
 * Above which round number a router asks for open rounds. Only rounds that it has answered raise the number for good: answers to polls are not
 * signed, so one that leads to nothing must not hide the rounds after it (docs/protocol.md, Unsigned answers).
 */
import { isOn, passes } from '@secagg/protocol';

export class RoundCursor {
  /** A round that was announced and refused: what comes after it is asked for until a poll brings nothing. */
  private passedOver = 0;

  /** @param answered the highest round answered in the cluster, 0 for none */
  after(answered: number): number {
    return Math.max(answered, this.passedOver);
  }

  /**
   * A round was refused.
   * @param isAnnounced whether the coordinator has signed it, within reach of what was answered
   */
  refused(round: number, isAnnounced: boolean): void {
    if (passes('hint.retried', isAnnounced)) this.passedOver = round;
  }

  /** A poll brought nothing, or failed: from the start again, also with what was refused. */
  startOver(): void {
    if (isOn('hint.retried')) this.passedOver = 0;
  }
}
