/** Takes a member's vote (docs/protocol.md, "Deciding"). */
import { type Vote } from '@secagg/schema';
import { ensure } from '../checks/check';
import { sameBytes } from '../wire/bytes';
import { refuseSecond } from '../evidence/refuse-second';
import { verifyVote } from '../round/decision';
import { type Step } from '../role';
import { type CoordinatorEvent, type CoordinatorState, roundOf } from './state';
import { accused, nothing, seatOf } from './committee-words';

/**
 * Takes a vote. A member has one: another one is refused as `already_voted`, with both as evidence.
 * A `ready` must be for the proposed set, since only that can become the decision.
 */
export function receiveVote(state: CoordinatorState, key: string, vote: Vote, nowMs: number): Step<CoordinatorEvent> {
  const round = roundOf(state, key);
  const body = verifyVote(round.verified, vote);
  const held = round.votes.get(vote.member);
  if (held) {
    if (sameBytes(held.vote.body, vote.body)) return nothing;
    refuseSecond(
      'vote.once',
      round.verified.view,
      { kind: 'two-votes', statements: [held.vote, vote], ...accused(round, vote.member) },
      {
        code: 'already_voted',
        message: 'the member has voted otherwise',
        details: { round: round.verified.config.round },
      },
    );
  }
  const proposed =
    body.kind === 'abort' || (round.proposal !== undefined && sameBytes(round.proposal.votedBytes, vote.body));
  ensure('decision.set', proposed, 'bad_proposal', 'the vote is for a set that was not proposed', {
    party: seatOf(round, vote.member),
    round: round.verified.config.round,
  });
  if (round.decision) return nothing;
  return { events: [{ type: 'vote-received', key, vote, atMs: nowMs }], reply: undefined };
}
