/** What the steps share that take a member's word on a round. */
import { type MemberIndex, SecaggError } from '@secagg/schema';
import { type VerifiedDecision } from '../round/decision';
import { type Step } from '../role';
import { type CoordinatorEvent, type RoundState } from './state';

export const nothing: Step<CoordinatorEvent> = { events: [], reply: undefined };

export function readyDecision(round: RoundState): VerifiedDecision {
  if (round.decision?.body.kind !== 'ready')
    throw new SecaggError('no_decision', 'the round has not been decided for opening', {
      round: round.verified.config.round,
    });
  return round.decision;
}

/** Whose vote key signed, and the epoch that says so. */
export const accused = (round: RoundState, member: MemberIndex) => ({
  party: seatOf(round, member),
  epoch: round.verified.epoch.certificate,
});

export const seatOf = (round: RoundState, member: MemberIndex): string => round.verified.epoch.body.members[member].id;
