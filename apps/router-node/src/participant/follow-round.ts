/** From a durable contribution to the settled round, however often the process restarts in between. */
import { deliver } from './deliver';
import { RoundFollower } from './round-follower';
import { type Router } from './router';
import { type Slot } from './slot';

/**
 * Returns when the round is settled.
 * @param tell whether the round is said to have ended without an outcome
 */
export async function followRound(
  router: Router,
  key: string,
  slot: Slot,
  tell: (undecided: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const follower = new RoundFollower(router, key, tell);
  if (follower.isSettled()) return;
  await deliver(router, key, slot, signal);
  await follower.run(signal);
  tell(false);
}
