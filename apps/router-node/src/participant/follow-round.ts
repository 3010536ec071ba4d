/** From a durable contribution to the settled round, however often the process restarts in between. */
import { checkOf, roundKey } from '@secagg/protocol';
import { roundConfigMessage, type RoundStatus, SecaggError } from '@secagg/schema';
import { isTransient } from '../fleet/coordinator-contact';
import { awaitOutcome } from './await-outcome';
import { checkInclusion } from './check-inclusion';
import { deliver } from './deliver';
import { type Router, stateOf } from './router';
import { observeRound, settleFromAbort, settleFromTranscript } from './settle';

/** Attempts at a published round that does not verify. A coordinator that is away meanwhile is waited for. */
const SETTLE_ATTEMPTS = 12;

/**
 * @param seenAtMs when this router learned of the round, or has come back to it
 * @returns whether the round is settled. An undecided one stays charged, and its observations taken.
 */
export async function followRound(
  router: Router,
  key: string,
  seenAtMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const participation = stateOf(router).participations.get(key);
  if (!participation || participation.outcome) return true;
  const { cluster, round } = roundConfigMessage.decode(participation.announcement.body);
  await deliver(router, key, seenAtMs, signal);
  // Anybody may show it the decision meanwhile.
  const isSettled = () => {
    const now = stateOf(router).participations.get(key);
    return now === undefined || now.outcome !== undefined;
  };
  const status = await awaitOutcome(router, cluster, round, signal, isSettled);
  if (isSettled()) return true;
  if (status?.phase === 'published') await checkInclusion(router, key, signal);
  await insist(router, round, signal, () => settle(router, key, status, signal));
  return isSettled();
}

/** A round this router refused or missed: its verified result is of use all the same. One that it has joined meanwhile is followed as its own. */
export async function watchRound(router: Router, cluster: string, round: number, signal: AbortSignal): Promise<void> {
  const status = await awaitOutcome(router, cluster, round, signal);
  if (status?.phase === 'published' && !stateOf(router).participations.has(roundKey(cluster, round)))
    await insist(router, round, signal, () => observeRound(router, cluster, round, signal));
}

async function settle(
  router: Router,
  key: string,
  status: RoundStatus | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (status?.phase === 'published') return settleFromTranscript(router, key, signal);
  if (status?.phase === 'aborted' && status.decision) return settleFromAbort(router, key, status.decision);
  router.metrics.roundFailed('committee_unavailable');
  router.log.warn(
    { round: status?.round, phase: status?.phase ?? 'unknown' },
    'the round has no outcome: it stays charged and its observations taken',
  );
}

async function insist(router: Router, round: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  for (let attempt = 1, refused = 0; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      router.log.warn(
        { round, code: error.code, check: checkOf(error), problem: error.message },
        'the outcome of the round could not be verified',
      );
      if (!isTransient(error)) refused += 1;
      if (refused === SETTLE_ATTEMPTS) {
        router.metrics.roundFailed(error.code);
        return;
      }
    }
    await router.contact.backOff(attempt, signal);
  }
}
