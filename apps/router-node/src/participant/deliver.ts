/** Sending a durable contribution, the same bytes each time, until the coordinator has acknowledged or refused it. */
import { pause } from '@secagg/client';
import { receiveQuarantine, receiveReceipt } from '@secagg/protocol';
import { roundConfigMessage, SecaggError } from '@secagg/schema';
import { isTransient } from '../fleet/coordinator-contact';
import { sending } from '../failpoint';
import { type Router, stateOf } from './router';

/** How long after the deadline it is still tried: a coordinator that was away may have kept the round open. */
const TRIED_AFTER_DEADLINE_MS = 60_000;

/**
 * Returns once there is a receipt, a final refusal, or no hope. A refusal settles nothing: whether the contribution counts is
 * read from the published round alone.
 */
export async function deliver(router: Router, key: string, signal: AbortSignal): Promise<void> {
  const { client, contact, metrics, log } = router;
  const participation = stateOf(router).participations.get(key);
  if (!participation?.bytes) return;
  const { bytes } = participation;
  const { cluster, round, send_from_ms, deadline_ms } = roundConfigMessage.decode(participation.announcement.body);
  await untilSlot(router, send_from_ms, deadline_ms, signal);
  for (let attempt = 1; ; attempt++) {
    try {
      const receipt = await sending('contribution', () => contact.track(client.contribute(cluster, round, bytes, { signal, attempts: 1, timeoutMs: 30_000 })));
      router.store.journal.commit(receiveReceipt(stateOf(router), router.context, key, receipt).events);
      metrics.contributionSent();
      log.info({ round }, 'contribution acknowledged');
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      if (!isTransient(error)) {
        metrics.contributionRefused(error.code);
        if (error.code === 'quarantined') router.store.journal.commit(receiveQuarantine(stateOf(router), key, error.details.untilRound).events);
        log.warn({ round, code: error.code, problem: error.message }, 'contribution refused');
        return;
      }
      if (router.now() > deadline_ms + TRIED_AFTER_DEADLINE_MS) {
        log.warn({ round, code: error.code }, 'contribution could not be delivered in time');
        return;
      }
      log.debug({ round, attempt, code: error.code }, 'contribution will be sent again');
    }
    await contact.backOff(attempt, signal);
  }
}

/** Not before the slot, by when the noise, whose sampling time depends on its value, is drawn; and not all at once. */
async function untilSlot(router: Router, sendFromMs: number, deadlineMs: number, signal: AbortSignal): Promise<void> {
  const nowMs = router.now();
  const spread = Math.min(router.config.sendSpreadMs, Math.max(0, deadlineMs - Math.max(nowMs, sendFromMs)) / 10);
  await pause(Math.max(0, sendFromMs - nowMs) + Math.random() * spread, signal);
}
