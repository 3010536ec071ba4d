/** The epoch in force, and epochs that nothing needs any more (docs/protocol.md, "Epochs"). */
import { isOfNow, type VerifiedEpoch } from '../epoch/verified-epoch';
import { type Step } from '../role';
import { newestEpoch } from './numbering';
import { type CoordinatorEvent, type CoordinatorState } from './state';

/**
 * The newest complete epoch, if it is one of now: routers and members refuse one that has ended, and one made while
 * clocks were ahead.
 */
export function epochInForce({ epoch, view }: CoordinatorState, nowMs: number): VerifiedEpoch | undefined {
  return epoch && isOfNow(view, epoch.body, nowMs) ? epoch : undefined;
}

/** Newest epochs that stay, complete or not, for what they tell of silent candidates. */
const KEPT_EPOCHS = 64;

/** Epochs that one step releases. */
const MOST_RELEASED = 256;

/**
 * Releases epochs that nothing needs: not in force, not of a round in memory, and not among the last attempts. The
 * reply has their numbers.
 */
export function releaseEpochs(state: CoordinatorState): Step<CoordinatorEvent, readonly number[]> {
  const inForce = state.epoch?.body.epoch ?? 0;
  const needed = new Set([inForce, ...[...state.rounds.values()].map(({ verified: round }) => round.config.epoch)]);
  const kept = newestEpoch(state) - KEPT_EPOCHS;
  const released = [...state.epochs.keys()]
    .filter((number) => (number < inForce || number <= kept) && !needed.has(number))
    .slice(0, MOST_RELEASED);
  return { events: released.length > 0 ? [{ type: 'epochs-released', epochs: released }] : [], reply: released };
}
