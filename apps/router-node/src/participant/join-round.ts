/**
 * Joining a round: checked, its data taken and its contribution built by the observation store, then charged and
 * recorded; all of it durable before anything is sent.
 */
import { pause } from '@secagg/client';
import { isDiskFault } from '@secagg/host';
import { checkRound, mostCarriedInto, recordContribution, roundKey, type VerifiedRound } from '@secagg/protocol';
import { type OpenRound, roundConfigMessage, SecaggError } from '@secagg/schema';
import { showBudget } from './budget';
import { type Router, stateOf } from './router';
import { type Slot } from './slot';
import { readyBySlot } from './until-slot';

/** Between an announcement and the beginning of its preparation: the next poll has left by then. */
const POLL_FIRST_MS = 50;
/** Before the slot, so that there is time to make the contribution durable. */
const RECORD_MS = 50;

/**
 * Checks an announced round; newer fleet documents than those known here are fetched first. A refusal throws and
 * changes nothing.
 */
export async function checkAnnounced(router: Router, open: OpenRound, signal: AbortSignal): Promise<VerifiedRound> {
  const { policy_version, roster_version } = roundConfigMessage.decode(open.announcement.body);
  const { view } = stateOf(router);
  if (policy_version > view.policy.version || roster_version > view.roster.version) await router.fleet.refresh(signal);
  await router.fleet.freshen(signal);
  return judge(router, open);
}

function judge(router: Router, open: OpenRound): VerifiedRound {
  const { standing, context } = router;
  const state = stateOf(router);
  const round = checkRound(state, context, open, router.now());
  standing.check(state.view, round.config.coordinator);
  return round;
}

/**
 * Prepares the contribution to a round that was checked. Throws `slot_missed` when it is not ready by its slot, and
 * what recording throws; then nothing is charged and the data waits again.
 * @returns key of the participation, whose bytes are durable and may be sent
 */
export async function prepareRound(
  router: Router,
  round: VerifiedRound,
  open: OpenRound,
  slot: Slot,
  signal: AbortSignal,
): Promise<string> {
  const { store, context, log } = router;
  const { cluster, round: number } = round.config;
  const key = roundKey(cluster, number);
  await pause(POLL_FIRST_MS, signal);
  const mostCarriedUnits = mostCarriedInto(round, context.limits);
  const preparing = router.observations.prepare({ open, seenAtMs: slot.seenAtMs, mostCarriedUnits });
  const giveBack = (): Promise<void> => giveBackInTheEnd(router, key, signal);
  const built = await readyBySlot(preparing, slot, RECORD_MS, router.now(), signal).catch((error: unknown) => {
    throw isDiskFault(error) ? new SecaggError('unavailable', 'the disk takes no writes') : error;
  });
  if (!built) {
    preparing.then(giveBack).catch(() => undefined);
    throw new SecaggError('slot_missed', `the contribution to round ${number} was not ready at its time`, {
      round: number,
      check: 'timing.slot',
    });
  }
  await store.unlocked().catch((error: unknown) => {
    void giveBack();
    throw error;
  });
  // Judged again: fleet documents and the ledger may have changed since.
  try {
    const step = recordContribution(
      stateOf(router),
      context,
      judge(router, open),
      built,
      slot.seenAtMs,
      built.carriedUnits,
    );
    store.journal.append(step.events, () => store.budgetHistory.record(step.events));
  } catch (error) {
    void giveBack();
    throw error;
  }
  showBudget(router);
  log.info({ round: number }, 'contribution prepared');
  return key;
}

/**
 * The data that was prepared waits again, once no other process has the database locked; else from the next start on.
 */
async function giveBackInTheEnd({ store, releases, log }: Router, key: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await store.unlocked(Infinity);
      releases.end(key, 'unused');
      return;
    } catch (error) {
      if (error instanceof SecaggError && error.code === 'unavailable') continue;
      if (!signal.aborted)
        log.error({ error }, 'prepared data could not be given back: it waits from the next start on');
      return;
    }
  }
}
