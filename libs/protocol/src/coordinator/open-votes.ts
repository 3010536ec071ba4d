/**
 * What members that have not voted yet are asked for (docs/protocol.md, "Deciding"): votes for both would decide
 * nothing.
 */
import { type RoundState } from './state';

/** Whether the members that have not voted `ready` are enough to abort. */
export function canAbort({ votes, verified: round }: RoundState): boolean {
  const ready = [...votes.values()].filter(({ body }) => body.kind === 'ready').length;
  return ready <= round.epoch.size - round.epoch.quorum;
}

/** Whether members are to vote for the proposal: also when the others are asked to abort. */
export const isVotedOn = ({ phase }: RoundState): boolean => phase === 'voting' || phase === 'aborting';
