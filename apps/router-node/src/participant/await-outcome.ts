/** Waiting for a round to end. */
import { type RoundPhase, type RoundStatus, SecaggError } from '@secagg/schema';
import { sending } from '../failpoint';
import { type Router } from './router';

const FINAL: ReadonlySet<RoundPhase> = new Set<RoundPhase>(['published', 'aborted', 'undecided']);
/** A round that the coordinator no longer knows is asked for this long. */
const UNKNOWN_FOR_MS = 86_400_000;

/**
 * The final status; undefined when the coordinator does not know the round any more.
 * @param isOver whether it is known already, from somewhere else: then there is nothing to wait for
 */
export async function awaitOutcome(
  router: Router,
  cluster: string,
  round: number,
  signal: AbortSignal,
  isOver = () => false,
): Promise<RoundStatus | undefined> {
  const { client, contact, config, now } = router;
  let unknownSinceMs: number | undefined;
  for (let attempt = 1; !isOver(); attempt++) {
    const askedMs = now();
    try {
      const status = await sending('round-status', () =>
        contact.track(client.roundStatus(cluster, round, { waitMs: config.pollWaitMs }, { signal })),
      );
      unknownSinceMs = undefined;
      if (status && status.round === round && FINAL.has(status.phase)) return status;
      // A wait that took its time needs no pause; an answer at once, which is not final, does.
      if (now() - askedMs > 1000) attempt = 0;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      if (error.code === 'no_round' || error.code === 'not_found') {
        unknownSinceMs ??= now();
        if (now() - unknownSinceMs > UNKNOWN_FOR_MS) return undefined;
      }
    }
    if (attempt > 0) await contact.backOff(Math.min(attempt, 3), signal);
  }
  return undefined;
}
