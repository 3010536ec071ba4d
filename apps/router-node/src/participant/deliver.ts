/** Sending a durable contribution, the same bytes each time, until the coordinator has acknowledged or refused it. */
import { pause } from '@secagg/client';
import { isOn, receiveQuarantine, receiveReceipt } from '@secagg/protocol';
import { roundConfigMessage, SecaggError } from '@secagg/schema';
import { isTransient } from '../fleet/coordinator-contact';
import { sending } from '../failpoint';
import { type Router, stateOf } from './router';

/** How long after the deadline it is still tried: a coordinator that was away may have kept the round open. */
const TRIED_AFTER_DEADLINE_MS = 60_000;
/** A refusal is not signed: it is believed when it has come so often, over the time until the deadline. */
const REFUSALS_BELIEVED = 4;
const LONGEST_AFTER_REFUSAL_MS = 30_000;

/**
 * Returns once there is a receipt, a final refusal, or no hope. A refusal settles nothing: whether the contribution counts is
 * read from the published round alone.
 * @param seenAtMs when this router learned of the round, or has come back to it after a restart
 */
export async function deliver(router: Router, key: string, seenAtMs: number, signal: AbortSignal): Promise<void> {
  const { client, contact, metrics, log } = router;
  const participation = stateOf(router).participations.get(key);
  if (!participation?.bytes) return;
  const { bytes } = participation;
  const { cluster, round, round_time_ms, send_from_ms, deadline_ms } = roundConfigMessage.decode(
    participation.announcement.body,
  );
  await untilSlot(
    router,
    { delayMs: send_from_ms - round_time_ms, sendFromMs: send_from_ms, lengthMs: deadline_ms - send_from_ms },
    seenAtMs,
    signal,
  );
  for (let attempt = 1, refusals = 0; ; attempt++) {
    try {
      const receipt = await sending('contribution', () =>
        contact.track(client.contribute(cluster, round, bytes, { signal, attempts: 1, timeoutMs: 30_000 })),
      );
      router.store.journal.commit(receiveReceipt(stateOf(router), router.context, key, receipt).events);
      metrics.contributionSent();
      log.info({ round }, 'contribution acknowledged');
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      if (!isTransient(error)) {
        metrics.contributionRefused(error.code);
        if (error.code === 'quarantined')
          router.store.journal.commit(receiveQuarantine(stateOf(router), key, error.details.untilRound).events);
        log.warn({ round, code: error.code, problem: error.message }, 'contribution refused');
        refusals += 1;
        const leftMs = deadline_ms - router.now();
        if (error.code !== 'quarantined' && refusals < REFUSALS_BELIEVED && leftMs > 0 && isOn('hint.retried')) {
          await pause(Math.min(LONGEST_AFTER_REFUSAL_MS, leftMs / REFUSALS_BELIEVED), signal);
          continue;
        }
        return;
      }
      if (router.now() > deadline_ms + TRIED_AFTER_DEADLINE_MS) {
        log.warn({ round, code: error.code }, 'contribution could not be delivered in time');
        return;
      }
      log.debug({ round, attempt, code: error.code }, 'contribution will be sent again');
    }
    await contact.backOff(attempt, signal, deadline_ms);
  }
}

interface Slot {
  /** From the announcement to the slot. */
  readonly delayMs: number;
  /** The slot by the coordinator's clock. */
  readonly sendFromMs: number;
  readonly lengthMs: number;
}

/** Not before the slot, by when the noise, whose sampling time depends on its value, is drawn; and not all at once. */
async function untilSlot(
  router: Router,
  { delayMs, sendFromMs, lengthMs }: Slot,
  seenAtMs: number,
  signal: AbortSignal,
): Promise<void> {
  const spread = Math.min(router.config.sendSpreadMs, Math.max(0, lengthMs) / 10);
  await pause(Math.max(0, slotOf(delayMs, sendFromMs, seenAtMs) - router.now()) + Math.random() * spread, signal);
}

/**
 * When to send, by this router's own clock: at the announced time where that can be right, else as long after the round was seen as the
 * coordinator wants between announcement and slot. With a clock that runs behind, a router would otherwise come after the deadline; with
 * one that runs ahead, at a time that tells how long its noise took.
 */
export function slotOf(delayMs: number, sendFromMs: number, seenAtMs: number): number {
  const isPlausible = sendFromMs > seenAtMs && sendFromMs <= seenAtMs + delayMs;
  return isPlausible ? sendFromMs : seenAtMs + delayMs;
}
