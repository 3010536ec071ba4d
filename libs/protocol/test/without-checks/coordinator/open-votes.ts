/** Without `vote.undivided`, members are asked to abort as soon as the time is over, and for nothing else then. */
import { type RoundState } from '../../../src/coordinator/state';
import { isSwitchedOff } from '../../support/switched-off';

export function canAbort({ votes, verified: round }: RoundState): boolean {
  const ready = [...votes.values()].filter(({ body }) => body.kind === 'ready').length;
  return isSwitchedOff('vote.undivided') || ready <= round.epoch.size - round.epoch.quorum;
}

export const isVotedOn = ({ phase }: RoundState): boolean =>
  phase === 'voting' || (phase === 'aborting' && !isSwitchedOff('vote.undivided'));
