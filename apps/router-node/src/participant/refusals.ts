/**
 * Refusals of a contribution are not signed (docs/protocol.md, "Unsigned answers"): one is believed when it has come
 * often enough, until the deadline.
 */
const REFUSALS_BELIEVED = 4;
const LONGEST_PAUSE_MS = 30_000;

/**
 * @param count refusals so far
 * @param leftMs until the deadline
 */
export const isBelieved = (count: number, leftMs: number): boolean => count >= REFUSALS_BELIEVED || leftMs <= 0;

/** How long to wait before the contribution is sent again. */
export const afterRefusalMs = (leftMs: number): number => Math.min(LONGEST_PAUSE_MS, leftMs / REFUSALS_BELIEVED);
