/** When a service wants to be called again (RFC 9110 section 10.2.3). */
import { SecaggError } from '@secagg/schema';

/** Longest wait that is believed: a service that asks for a longer wait is asked again after this time. */
const MOST_MS = 120_000;
/** The header has whole seconds: callers told the same one spread over it. */
const SPREAD_MS = 1000;

/** Milliseconds from now that the header asks for, as seconds or as a date; undefined without one that can be read. */
export function retryAfterOf(header: string | string[] | undefined, nowMs: number): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (text === undefined || text === '') return undefined;
  const ms = /^\d{1,9}$/.test(text) ? 1000 * Number(text) : text.endsWith(' GMT') ? Date.parse(text) - nowMs : NaN;
  return Number.isFinite(ms) ? Math.min(MOST_MS, Math.max(0, ms)) : undefined;
}

/**
 * How long to wait after a failure: as long as the service asked for, spread over a second, where it did, and no less
 * than `delayMs`.
 * @param uniform in [0, 1)
 */
export function waitAfter(error: unknown, delayMs: number, uniform: number): number {
  const asked = error instanceof SecaggError ? error.details.retryAfterMs : undefined;
  return typeof asked === 'number' ? Math.max(delayMs, asked + uniform * SPREAD_MS) : delayMs;
}
