/**
 * What the coordinator says of a round. Nobody signs it: it tells a router where to look, and nothing more
 * (docs/protocol.md, "Unsigned answers").
 */
import { type RoundStatus, SecaggError } from '@secagg/schema';
import { sending } from '../failpoint';
import { type Router } from './router';

/** `away`: no answer, or one that says nothing; `unknown`: the coordinator does not know the round, or not any more. */
export type SaidOfRound = RoundStatus | 'away' | 'unknown';

/** Waits until the round is over, or for as long as a poll waits. */
export async function askStatus(
  { client, contact, config }: Router,
  cluster: string,
  round: number,
  signal: AbortSignal,
): Promise<SaidOfRound> {
  try {
    const status = await sending('round-status', () =>
      contact.track(client.roundStatus(cluster, round, { waitMs: config.pollWaitMs }, { signal })),
    );
    return status && status.round === round && status.cluster === cluster ? status : 'away';
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SecaggError)) throw error;
    return error.code === 'no_round' || error.code === 'not_found' ? 'unknown' : 'away';
  }
}

/** Whether a round is said to be over; `undecided` may still be decided. */
export const isSaidOver = (said: SaidOfRound): boolean =>
  said === 'unknown' || (said !== 'away' && ['published', 'aborted', 'undecided'].includes(said.phase));
