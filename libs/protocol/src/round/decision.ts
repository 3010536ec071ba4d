/** Votes and decisions: q identical votes bind everybody (docs/protocol.md, "Deciding"). */
import { domainHash, verifyMessage } from '@secagg/crypto';
import { type Bytes, type Decision, SecaggError, type Vote, type VoteBody, voteBodyMessage } from '@secagg/schema';
import { ensure, ensureThat } from '../checks/check';
import { type VerifiedRound } from './verified-round';
import { checkInRound } from './contribution-set';

export interface VerifiedDecision {
  readonly decision: Decision;
  readonly body: VoteBody;
  readonly hash: Bytes;
}

export const decisionHash = (body: Bytes): Bytes => domainHash('decision', body);

/** Verifies one vote's signature and that it is about this round. Throws `no_seat`, `bad_signature`, `wrong_config`. */
export function verifyVote(round: VerifiedRound, vote: Vote): VoteBody {
  const seat = round.epoch.epoch.members[vote.member];
  if (!seat)
    throw new SecaggError('no_seat', 'the vote is of no member of the epoch', {
      round: round.config.round,
      check: 'vote.signed',
    });
  const signed = verifyMessage(
    seat.vote_key,
    { type: voteBodyMessage.type, fleet: round.config.fleet },
    vote.signature,
    vote.body,
  );
  ensure('vote.signed', signed, 'bad_signature', `the vote is not signed by ${seat.id}`, {
    party: seat.id,
    round: round.config.round,
  });
  const body = voteBodyMessage.decode(vote.body);
  ensureThat('vote.signed', () => checkInRound(round, body, seat.id));
  return body;
}

/** Verifies that a quorum of distinct members signed the identical body. Throws `no_decision` and what a vote can throw. */
export function verifyDecision(round: VerifiedRound, decision: Decision): VerifiedDecision {
  const members = new Set(decision.votes.map((vote) => vote.member));
  ensure('decision.quorum', members.size === decision.votes.length, 'no_decision', 'a member is counted twice', {
    round: round.config.round,
  });
  ensure('decision.quorum', members.size >= round.epoch.quorum, 'no_decision', 'not signed by a quorum', {
    round: round.config.round,
  });
  let body: VoteBody | undefined;
  for (const { member, signature } of decision.votes)
    body = verifyVote(round, { body: decision.body, member, signature });
  return { decision, body: body as VoteBody, hash: decisionHash(decision.body) };
}
