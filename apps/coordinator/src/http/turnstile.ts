/**
 * Lets requests go to work a few at a time, and in between lets in who is at the door. The runtime accepts one connection a turn of its
 * event loop: were every turn spent on a contribution and on the disk, callers would stand before the door unanswered for as long as
 * they are more than can be served, instead of being told when to come back.
 */

/** Requests that go to work in one turn, and so share one write to the disk. */
const AT_ONCE = 16;
/** Turns in a row that are left to the door; a turn that nobody comes in is the last. */
const TURNS_FOR_DOOR = 64;

export class Turnstile {
  private waiting: (() => void)[] = [];
  private isTurning = false;
  private arrived = 0;

  /** Somebody has come through the door. */
  arrival(): void {
    this.arrived += 1;
  }

  /** Resolves when it is this request's turn, in the order of the calls. */
  pass(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.isTurning) return;
      this.isTurning = true;
      setImmediate(() => this.turn());
    });
  }

  private turn(): void {
    for (const go of this.waiting.splice(0, AT_ONCE)) go();
    this.letIn(TURNS_FOR_DOOR);
  }

  private letIn(turns: number): void {
    const before = this.arrived;
    setImmediate(() => {
      if (this.arrived > before && turns > 0) this.letIn(turns - 1);
      else if (this.waiting.length > 0) this.turn();
      else this.isTurning = false;
    });
  }
}
