/**
 * When a contribution leaves is decided before its data is looked at, so that it does not tell how long that took
 * (docs/protocol.md, "Collecting").
 */
import { pause } from '@secagg/client';
import { type Slot } from './slot';

/** Waits until the contribution may leave. */
export const untilSlot = ({ sendAtMs }: Slot, nowMs: number, signal: AbortSignal): Promise<void> =>
  pause(Math.max(0, sendAtMs - nowMs), signal);

/** What is ready `recordMs` before the slot, else undefined. */
export async function readyBySlot<T>(
  preparing: Promise<T>,
  { sendAtMs }: Slot,
  recordMs: number,
  nowMs: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  const waiting = new AbortController();
  const slot = pause(Math.max(0, sendAtMs - recordMs - nowMs), AbortSignal.any([signal, waiting.signal]));
  try {
    return await Promise.race([preparing, slot.then(() => undefined)]);
  } finally {
    slot.catch(() => undefined);
    waiting.abort();
  }
}
