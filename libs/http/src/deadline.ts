import { SecaggError } from '@secagg/schema';

/** The time that a request may take. It is stopped while the body is read, which has a limit of its own. */
export class Deadline {
  private timer: NodeJS.Timeout | undefined;
  private reject: (error: SecaggError) => void = () => undefined;
  /** Rejects with `unavailable` when the time is over; never resolves. */
  readonly over: Promise<never>;

  constructor(
    private readonly ms: number,
    private readonly onLate: () => void,
  ) {
    this.over = new Promise((_resolve, reject) => {
      this.reject = reject;
    });
    // A caller that got its reply in time does not read this.
    this.over.catch(() => undefined);
    this.start();
  }

  start(): void {
    this.stop();
    this.timer = setTimeout(() => {
      this.reject(new SecaggError('unavailable', 'the request took too long'));
      this.onLate();
    }, this.ms);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
