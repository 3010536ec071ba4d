/** Which batches a published round has, read from its result alone, and whether it has what it must. */
import { type PublishedResult } from '@secagg/protocol';
import { signalKey } from '@secagg/schema';
import { fleetTerms, type FleetKind, keyOf, SLOTS } from '../fleet/terms';
import { type Backlog, type Batch } from './backlog';

export interface Attribution {
  readonly included: readonly Batch[];
  readonly problems: readonly string[];
}

/**
 * Marks the batches that are in the round.
 * @param due batches that their routers had acknowledged before the round was announced
 */
export function attribute(
  kind: FleetKind,
  backlog: Backlog,
  routers: readonly string[],
  round: number,
  result: PublishedResult,
  due: readonly Batch[],
): Attribution {
  const included: Batch[] = [];
  const problems: string[] = [];
  for (const router of routers) {
    for (let slot = 0; slot < SLOTS; slot++) {
      const { model, task } = keyOf(router, slot);
      const count = result.signal.reward_signals[signalKey(model, task)]?.total_samples ?? 0;
      const batch = backlog.waitingIn(router, slot);
      const size = batch?.observations.length ?? 0;
      if (isCount(kind, count, 0)) continue;
      if (!batch)
        problems.push(
          `${count} observations of ${router} in slot ${slot} are in round ${round} though an earlier round has published them`,
        );
      else if (!isCount(kind, count, size))
        problems.push(`${count} observations of batch ${batch.id} are in round ${round} instead of ${size} or none`);
      else if (!result.participants.includes(router))
        problems.push(`batch ${batch.id} is in round ${round}, in which ${router} did not take part`);
      else included.push(batch);
    }
  }
  for (const batch of included) batch.publishedIn = round;
  const missing = due.filter(
    (batch) =>
      batch.publishedIn === undefined &&
      !batch.mayBeHeld &&
      result.participants.includes(batch.router) &&
      !hasSignal(included, batch),
  );
  for (const batch of missing)
    problems.push(
      `batch ${batch.id} had been acknowledged before round ${round}, and is not in it, though ${batch.router} is`,
    );
  return { included, problems };
}

/** With noise a count is right to some standard errors, and sizes are many times that apart. */
function isCount(kind: FleetKind, count: number, size: number): boolean {
  const { noise, batch } = fleetTerms(kind);
  return noise ? Math.abs(count - size) < batch[0] / 2 : count === size;
}

/** A signal goes alone: observations then wait for the next round. */
const hasSignal = (included: readonly Batch[], batch: Batch): boolean =>
  included.some(({ isSignal, router }) => isSignal && router === batch.router);
