/**
 * SIGTERM and SIGINT from the first moment on. A container's first process (PID 1) does not get a signal that it has no
 * handler for, so a program makes this before it loads anything else.
 */
export class StopSignals {
  private stop: ((signal: string) => void) | undefined;

  constructor() {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        // Until the start is complete nothing is under way that a shutdown would have to finish.
        if (this.stop) this.stop(signal);
        else process.exit(0);
      });
    }
  }

  /** From now on the first signal calls `stop`, and nothing else ends the process. */
  onSignal(stop: (signal: string) => void): void {
    this.stop = stop;
  }
}
