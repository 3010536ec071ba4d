/** The parts of a service: started in order, stopped in reverse. */
import { closeAll } from './close-all';

export interface Part {
  readonly name: string;
  start?(): unknown;
  stop?(): unknown;
}

/**
 * Parts that the configuration leaves out are undefined. Starts each part once the one before it has started. When one
 * fails, those that have started are stopped, and its error is thrown.
 * @returns stops all parts, the last one first, also after one has failed; throws the first failure. It may be called
 * more than once.
 */
export async function startParts(parts: readonly (Part | undefined)[]): Promise<() => Promise<void>> {
  const started: Part[] = [];
  const stop = (): Promise<void> => closeAll([...started].reverse().map((part) => () => part.stop?.()));
  for (const part of parts) {
    try {
      await part?.start?.();
    } catch (error) {
      // The reason is the failed start, whatever else fails after it.
      await stop().catch(() => undefined);
      throw error;
    }
    if (part) started.push(part);
  }
  let stopping: Promise<void> | undefined;
  return () => (stopping ??= stop());
}

/** Runs something at intervals. */
export function every(name: string, ms: number, run: () => void): Part {
  let timer: NodeJS.Timeout | undefined;
  return {
    name,
    start: () => {
      timer = setInterval(run, ms);
    },
    stop: () => clearInterval(timer),
  };
}
