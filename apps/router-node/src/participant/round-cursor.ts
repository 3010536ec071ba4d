/**
 * Above which round number a router asks for open rounds. Only rounds that it has checked in full raise the number for
 * good: answers to polls are not signed, so one that leads to nothing must not hide the rounds after it
 * (docs/protocol.md, "Unsigned answers").
 */

export class RoundCursor {
  /** A round that was announced and refused: what comes after it is asked for until a poll brings nothing. */
  private passedOver = 0;

  /**
   * The highest round that was checked in full and is, or was, prepared for: one that was not ready at its time is sat
   * out.
   */
  private prepared = 0;

  /** @param answered the highest round answered in the cluster, 0 for none */
  after(answered: number): number {
    return Math.max(answered, this.prepared, this.passedOver);
  }

  /** The round was checked in full, and its preparation begins. */
  begun(round: number): void {
    this.prepared = Math.max(round, this.prepared);
  }

  /**
   * A round was refused.
   * @param isAnnounced whether the coordinator has signed it, within reach of what was answered
   */
  refused(round: number, isAnnounced: boolean): void {
    if (isAnnounced) this.passedOver = round;
  }

  /** A poll brought nothing, or failed: from the start again, also with what was refused. */
  startOver(): void {
    this.passedOver = 0;
  }
}
