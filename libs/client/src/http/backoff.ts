/** Waiting times between attempts: exponential with full jitter, so that many callers do not come back together. */
export interface Backoff {
  /** Upper end of the first wait, in milliseconds. */
  readonly firstMs: number;
  /** Upper end of any wait, in milliseconds. */
  readonly mostMs: number;
}

export const defaultBackoff: Backoff = { firstMs: 100, mostMs: 5000 };

/**
 * Milliseconds to wait before attempt `attempt` (1 is the first repetition): uniform in [least, min(most, first *
 * 2^(attempt-1))], where `least` is a tenth of the upper end, so that nobody spins.
 * @param uniform in [0, 1)
 */
export function backoffDelay({ firstMs, mostMs }: Backoff, attempt: number, uniform: number): number {
  const upper = Math.min(mostMs, firstMs * 2 ** (Math.max(1, attempt) - 1));
  return upper / 10 + uniform * (upper - upper / 10);
}

/** Waits, or throws the signal's reason as soon as it is aborted. */
export function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
