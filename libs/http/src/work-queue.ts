/**
 * Starts requests in order, a few in each turn of the event loop, and accepts new connections in between. Node accepts
 * one connection in each turn. If every turn were spent on a request and the disk, new callers would get no answer
 * under overload, instead of a refusal with the time to retry.
 */

/** Requests started in one turn; they share one write to the disk. */
const AT_ONCE = 16;
/** Most turns in a row that are left to new connections; it ends with the first turn that brings none. */
const TURNS_FOR_CONNECTIONS = 64;

export class WorkQueue {
  private waiting: (() => void)[] = [];
  private isRunning = false;
  private accepted = 0;

  /** A connection was accepted. */
  connectionAccepted(): void {
    this.accepted += 1;
  }

  /** Resolves when this request may start, in the order of the calls. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.isRunning) return;
      this.isRunning = true;
      setImmediate(() => this.startSome());
    });
  }

  private startSome(): void {
    for (const go of this.waiting.splice(0, AT_ONCE)) go();
    this.acceptConnections(TURNS_FOR_CONNECTIONS);
  }

  private acceptConnections(turns: number): void {
    const before = this.accepted;
    setImmediate(() => {
      if (this.accepted > before && turns > 0) this.acceptConnections(turns - 1);
      else if (this.waiting.length > 0) this.startSome();
      else this.isRunning = false;
    });
  }
}
