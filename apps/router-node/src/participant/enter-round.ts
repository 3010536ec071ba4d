/** From an announcement to the preparation of a contribution. */
import { type OpenRound } from '@secagg/schema';
import { checkAnnounced, prepareRound } from './join-round';
import { type Router } from './router';
import { chooseSlot, type Slot } from './slot';

/**
 * Checks an announced round and begins to prepare for it. Resolves without waiting for the preparation: the next poll
 * leaves then, and its time must not tell how much there is to prepare.
 * @param begun gets what {@link prepareRound} resolves to, and when the contribution is to leave
 */
export async function enterRound(
  router: Router,
  open: OpenRound,
  seenAtMs: number,
  signal: AbortSignal,
  begun: (preparing: Promise<string>, slot: Slot) => void,
): Promise<void> {
  const checked = await checkAnnounced(router, open, signal);
  router.values.learn(checked.config.layout);
  const slot = chooseSlot(checked.config, router.config, seenAtMs);
  begun(prepareRound(router, checked, open, slot, signal), slot);
}
