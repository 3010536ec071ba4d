/**
 * Times to retry for refused callers. Each gets a time of its own, spaced by the rate at which the service can serve
 * them. If all were told the same time, they would return together, and refusing them again would take the time that
 * serving them needs.
 */
const MEASURED_MS = 1000;
/** Weight of the latest second in the measured rate. */
const WEIGHT = 0.3;
/** Part of the rate that is promised to refused callers; new callers need the rest. */
const SHARE = 0.8;

export class RetrySchedule {
  private nextMs = 0;
  private windowStartMs = 0;
  private servedInWindow = 0;
  private refusedInWindow = 0;

  /**
   * @param ratePerSecond requests served a second under load, until it has been measured
   * @param mostMs longest time that a caller is told to wait
   */
  constructor(
    private ratePerSecond: number,
    private readonly mostMs: number,
  ) {}

  /** Counts a served request. The rate while others are refused is what the service can do. */
  served(nowMs: number): void {
    this.measure(nowMs);
    this.servedInWindow += 1;
  }

  /** @returns whole seconds, at least 1, until this refused caller should retry */
  next(nowMs: number): number {
    this.measure(nowMs);
    this.refusedInWindow += 1;
    const spacing = 1000 / (this.ratePerSecond * SHARE);
    // Past the longest wait the times start over.
    if (this.nextMs > nowMs + this.mostMs) this.nextMs = nowMs;
    this.nextMs = Math.max(this.nextMs, nowMs) + spacing;
    return Math.max(1, Math.ceil((this.nextMs - nowMs) / 1000));
  }

  private measure(nowMs: number): void {
    const sinceMs = nowMs - this.windowStartMs;
    if (sinceMs < MEASURED_MS) return;
    const isBusy = this.refusedInWindow > 0 && this.servedInWindow > 0 && sinceMs < 2 * MEASURED_MS;
    if (isBusy)
      this.ratePerSecond = Math.max(
        1,
        (1 - WEIGHT) * this.ratePerSecond + (WEIGHT * this.servedInWindow * 1000) / sinceMs,
      );
    this.windowStartMs = nowMs;
    this.servedInWindow = 0;
    this.refusedInWindow = 0;
  }
}
