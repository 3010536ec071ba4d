/**
 * Waiting for what comes about by itself. Limits are for what never comes, and generous: a busy machine takes its time.
 */
import { setTimeout as pause } from 'node:timers/promises';

type Condition = () => boolean | Promise<boolean>;

const LIMIT_MS = 60_000;
const POLL_MS = 15;

/** Whether it comes about in time. */
export async function comesAbout(condition: Condition, limitMs: number): Promise<boolean> {
  for (const end = performance.now() + limitMs; !(await condition()); await pause(POLL_MS))
    if (performance.now() >= end) return false;
  return true;
}

/** Throws when it does not come about. */
export async function eventually(what: string, condition: Condition, limitMs = LIMIT_MS): Promise<void> {
  if (!(await comesAbout(condition, limitMs))) throw new Error(`did not come about: ${what}`);
}

/** As {@link eventually}, where the condition says it all. */
export const until = (condition: Condition, limitMs = LIMIT_MS): Promise<void> =>
  eventually(condition.toString(), condition, limitMs);
