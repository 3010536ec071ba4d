/** Sending a durable contribution, the same bytes each time, until the coordinator has acknowledged or refused it. */
import { pause } from '@secagg/client';
import { receiveQuarantine, receiveReceipt } from '@secagg/protocol';
import { roundConfigMessage, SecaggError } from '@secagg/schema';
import { isTransient } from '../fleet/coordinator-contact';
import { sending } from '../failpoint';
import { afterRefusalMs, isBelieved } from './refusals';
import { type Router, stateOf } from './router';
import { type Slot } from './slot';
import { untilSlot } from './until-slot';

/** How long after the deadline it is still tried: a coordinator that was away may have kept the round open. */
const TRIED_AFTER_DEADLINE_MS = 60_000;

/**
 * Returns once there is a receipt, a final refusal, or no hope. A refusal settles nothing: whether the contribution
 * counts is read from the published round alone.
 */
export async function deliver(router: Router, key: string, slot: Slot, signal: AbortSignal): Promise<void> {
  const { client, contact, metrics, log } = router;
  const participation = stateOf(router).participations.get(key);
  if (!participation?.bytes) return;
  const { bytes } = participation;
  const { cluster, round, deadline_ms } = roundConfigMessage.decode(participation.announcement.body);
  await untilSlot(slot, router.now(), signal);
  for (let attempt = 1, refusals = 0; ; attempt++) {
    try {
      const receipt = await sending('contribution', () =>
        contact.track(client.contribute(cluster, round, bytes, { signal, attempts: 1, timeoutMs: 30_000 })),
      );
      await router.store.unlocked();
      router.store.journal.commit((state) => receiveReceipt(state, router.context, key, receipt));
      metrics.contributionSent(cluster);
      log.info({ round }, 'contribution acknowledged');
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      if (!isTransient(error)) {
        metrics.contributionRefused(error.code);
        log.warn({ round, code: error.code, detail: error.message }, 'contribution refused');
        if (isQuarantined(router, key, error)) return;
        refusals += 1;
        const leftMs = deadline_ms - router.now();
        if (isBelieved(refusals, leftMs)) return;
        await pause(afterRefusalMs(leftMs), signal);
        continue;
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

/** Whether the coordinator has signed that it refuses this router. */
function isQuarantined(router: Router, key: string, { code, details }: SecaggError): boolean {
  if (code !== 'quarantined') return false;
  const { events } = receiveQuarantine(stateOf(router), router.context, key, details.notice);
  router.store.journal.append(events);
  return events.length > 0;
}
