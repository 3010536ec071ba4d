/**
 * Scores that another replica has written: whichever finishes a round counts it, and the others take over what the
 * store has then.
 */
import { type CoordinatorState } from '@secagg/protocol';
import { every, type Part } from '@secagg/host';
import { SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { type RoundFinisher } from '../rounds/finish-rounds';

/** For what was missed: a database that was away, or events that came with a state that was restored. */
const EVERY_MS = 15_000;

/**
 * Until a replica has heard of it, a router that is named may still contribute there, just as to
 * a coordinator that is alone while it writes the record of the round.
 */
export function followScores(
  { journal }: Pick<Engine, 'journal'>,
  finisher: Pick<RoundFinisher, 'written'>,
  refresh: (cluster: string) => Promise<void>,
  onError: (error: unknown) => void,
): Part {
  const failed = (error: unknown): void => {
    if (!(error instanceof SecaggError) || error.code !== 'unavailable') onError(error);
  };
  const again = every(
    'scores of other replicas',
    EVERY_MS,
    () => void refreshAll(journal.state, refresh).catch(failed),
  );
  return {
    ...again,
    start: () => {
      journal.onEvent((event) => {
        if (event.type !== 'round-published') return;
        const cluster = journal.state.rounds.get(event.key)?.verified.config.cluster;
        if (cluster !== undefined)
          finisher
            .written(event.key)
            .then(() => refresh(cluster))
            .catch(failed);
      });
      again.start?.();
    },
  };
}

async function refreshAll({ view }: CoordinatorState, refresh: (cluster: string) => Promise<void>): Promise<void> {
  for (const { cluster } of view.policy.clusters) await refresh(cluster);
}
