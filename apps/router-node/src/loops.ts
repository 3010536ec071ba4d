/** What the node does by itself, as one part: all loops run at the same time. */
import { setMaxListeners } from 'node:events';
import { type Part } from '@secagg/host';

/** @param onFailure told of a loop that has failed; a loop that is stopped may fail with the reason of its signal */
export function loops(
  runs: readonly ((signal: AbortSignal) => Promise<void>)[],
  onFailure: (error: unknown) => void,
): Part {
  const stopping = new AbortController();
  // Every wait and every request of a loop listens.
  setMaxListeners(0, stopping.signal);
  let running: Promise<void>[] = [];
  return {
    name: 'loops',
    start: () => {
      running = runs.map((run) =>
        run(stopping.signal).catch((error: unknown) => {
          if (!stopping.signal.aborted) onFailure(error);
        }),
      );
    },
    stop: async () => {
      stopping.abort(new Error('the node is stopping'));
      await Promise.all(running);
    },
  };
}
