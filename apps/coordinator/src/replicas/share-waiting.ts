/** Tells other replicas which routers wait here, and hears of theirs: for rounds that start when enough wait. */
import { every, type Part } from '@secagg/host';
import { SecaggError } from '@secagg/schema';
import { type WaitingRouters } from '../rounds/waiting-routers';
import { type PostgresStore } from '../store/postgres/postgres-store';

const EVERY_MS = 300;
/** What a replica said longer ago does not count: it may have died. */
const WINDOW_MS = 2000;

export function shareWaiting(
  store: PostgresStore,
  waiting: WaitingRouters,
  clusters: readonly string[],
  onError: (error: unknown) => void,
): Part {
  let busy = false;
  const share = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      for (const cluster of clusters)
        waiting.setElsewhere(cluster, await store.shareWaiting(cluster, waiting.waitingHere(cluster), WINDOW_MS));
    } catch (error) {
      if (!(error instanceof SecaggError) || error.code !== 'unavailable') onError(error);
      for (const cluster of clusters) waiting.setElsewhere(cluster, []);
    } finally {
      busy = false;
    }
  };
  return every('waiting routers of other replicas', EVERY_MS, () => void share());
}
