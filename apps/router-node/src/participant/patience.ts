/**
 * How long to wait before something is asked for once more that has led to nothing so far: a quarter of the time that
 * it has been going on.
 */
import { pause } from '@secagg/client';

const LONGEST_MS = 600_000;

export class Patience {
  private sinceMs: number | undefined;

  /** Milliseconds since the first wait, whatever happens to the clock. */
  get lastedMs(): number {
    return this.sinceMs === undefined ? 0 : performance.now() - this.sinceMs;
  }

  async wait(signal: AbortSignal): Promise<void> {
    this.sinceMs ??= performance.now();
    await pause(Math.min(LONGEST_MS, this.lastedMs / 4), signal);
  }
}
