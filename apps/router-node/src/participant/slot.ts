/**
 * When a contribution is sent. The router decides it the moment it sees the round, from what is public alone: how long
 * its own data took to prepare must not show in it (docs/protocol.md, "Contribution").
 */
import { ensure } from '@secagg/protocol';
import { type RoundConfig } from '@secagg/schema';
import { type Config } from '../config';

export interface Slot {
  /** When this router saw the round, by its own clock. */
  readonly seenAtMs: number;
  /** When it sends, by its own clock. */
  readonly sendAtMs: number;
}

type SlotConfig = Pick<Config, 'prepareMs' | 'sendSpreadMs' | 'maxRequestsPerRound'>;

/** Ten times what it takes on an idle machine, so that a busy one is in time. */
const MS_PER_REQUEST = 0.2;
const MS_PER_COORDINATE = 0.01;

/** Most requests that a round takes from this router. */
export const requestsTaken = ({ layout }: RoundConfig, { maxRequestsPerRound }: Pick<Config, 'maxRequestsPerRound'>) =>
  Math.min(layout.max_requests_per_router, maxRequestsPerRound);

/**
 * How long this router takes at most to prepare a contribution, by what the round may take from it and not by what it
 * has.
 */
export const preparationMs = (config: RoundConfig, limits: SlotConfig): number =>
  limits.prepareMs +
  MS_PER_REQUEST * requestsTaken(config, limits) +
  MS_PER_COORDINATE * config.layout.keys.length * config.layout.fields.length;

/**
 * Not before the announced time, never sooner than this router can have prepared, and not all routers at once. Throws
 * `slot_missed` for a round that is over by then.
 * @param uniform in [0, 1)
 */
export function chooseSlot(
  config: RoundConfig,
  limits: SlotConfig,
  seenAtMs: number,
  uniform: number = Math.random(),
): Slot {
  const { round, round_time_ms, send_from_ms, deadline_ms } = config;
  const delayMs = send_from_ms - round_time_ms;
  const neededMs = preparationMs(config, limits);
  const leftMs = deadline_ms - round_time_ms - Math.max(delayMs, neededMs);
  ensure(
    'timing.slot',
    leftMs > 0,
    'slot_missed',
    `round ${round} is over ${deadline_ms - round_time_ms} ms after its announcement; this router takes up to ${Math.ceil(neededMs)} ms to prepare`,
    { round },
  );
  const spreadMs = Math.min(limits.sendSpreadMs, leftMs / 10);
  const fromMs = Math.max(slotOf(delayMs, send_from_ms, seenAtMs), seenAtMs + neededMs);
  return { seenAtMs, sendAtMs: fromMs + uniform * spreadMs };
}

/** For a contribution that was prepared before a restart. */
export function slotOfPrepared(
  { round_time_ms, send_from_ms, deadline_ms }: RoundConfig,
  { sendSpreadMs }: Pick<SlotConfig, 'sendSpreadMs'>,
  nowMs: number,
): Slot {
  const spreadMs = Math.min(sendSpreadMs, (deadline_ms - send_from_ms) / 10);
  return {
    seenAtMs: nowMs,
    sendAtMs: slotOf(send_from_ms - round_time_ms, send_from_ms, nowMs) + Math.random() * spreadMs,
  };
}

/**
 * The announced time, by this router's own clock: itself where it can be right, else as long after the round was seen
 * as the coordinator wants between announcement and slot. With a clock that runs behind, a router would otherwise come
 * after the deadline; with one that runs ahead, at a time that tells how long its noise took.
 */
export function slotOf(delayMs: number, sendFromMs: number, seenAtMs: number): number {
  const isPlausible = sendFromMs > seenAtMs && sendFromMs <= seenAtMs + delayMs;
  return isPlausible ? sendFromMs : seenAtMs + delayMs;
}
