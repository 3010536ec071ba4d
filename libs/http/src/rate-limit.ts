/** Requests per second and caller with bursts: one token bucket per caller, in a table of bounded size. */
export interface RateLimitOptions {
  /** Tokens that come in per second. */
  readonly perSecond: number;
  /** Tokens that a full bucket holds. */
  readonly burst: number;
  /** Most callers remembered; the one seen longest ago is forgotten first, and starts again with a full bucket. */
  readonly callers: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RateLimit {
  /** In the order of the latest request. */
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly limits: RateLimitOptions) {}

  get size(): number {
    return this.buckets.size;
  }

  /** Takes a token. @returns 0, or the milliseconds until there is one, when nothing was taken */
  take(caller: string, nowMs: number): number {
    const { perSecond, burst, callers } = this.limits;
    const known = this.buckets.get(caller);
    // A clock that is set back gives no tokens and takes none.
    const tokens = known ? Math.min(burst, known.tokens + (Math.max(0, nowMs - known.atMs) / 1000) * perSecond) : burst;
    this.buckets.delete(caller);
    this.buckets.set(caller, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs });
    if (this.buckets.size > callers) this.buckets.delete(this.buckets.keys().next().value as string);
    return tokens >= 1 ? 0 : ((1 - tokens) / perSecond) * 1000;
  }
}
