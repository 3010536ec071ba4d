/** Votes and decisions: q identical votes bind everybody (docs/protocol.md, "Deciding"). */
import { domainHash, verifyMessage } from '@secagg/crypto';
import {
  type AbortReason,
  type Bytes,
  type Decision,
  SecaggError,
  type Vote,
  type VoteBody,
  voteBodyMessage,
} from '@secagg/schema';
import { ensure, refuse, under } from '../checks/check';
import { hex, sameBytes } from '../wire/bytes';
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
  const seat = round.epoch.body.members[vote.member];
  if (!seat) refuse('vote.signed', 'no_seat', 'the vote is of no member of the epoch', { round: round.config.round });
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
  under('vote.signed', () => checkInRound(round, body, seat.id));
  return body;
}

/**
 * What is counted of a vote: all of it but the reason of an abort, so that members that were given different ones abort
 * the round all the same.
 */
function counted(body: Bytes): Bytes {
  const vote = voteBodyMessage.decode(body);
  return vote.kind === 'abort' ? voteBodyMessage.encode({ ...vote, reason: 'no_valid_proposal' }) : body;
}

/** Whether two verified bodies decide the same. */
export const decideTheSame = (a: Bytes, b: Bytes): boolean => sameBytes(a, b) || sameBytes(counted(a), counted(b));

/** The decision of verified votes of distinct members; undefined while no quorum agrees. */
export function decisionOf(round: VerifiedRound, votes: readonly Vote[]): VerifiedDecision | undefined {
  const byDecision = new Map<string, Vote[]>();
  for (const vote of [...votes].sort((a, b) => a.member - b.member)) {
    const key = hex(counted(vote.body));
    byDecision.set(key, [...(byDecision.get(key) ?? []), vote]);
  }
  const winner = [...byDecision.values()].find(({ length }) => length >= round.epoch.quorum);
  if (!winner) return undefined;
  const { body } = winner[0];
  return {
    decision: {
      body,
      votes: winner.map((vote) => ({
        member: vote.member,
        signature: vote.signature,
        ...(sameBytes(vote.body, body) ? {} : { reason: reasonIn(vote.body) }),
      })),
    },
    body: voteBodyMessage.decode(body),
    hash: decisionHash(body),
  };
}

function reasonIn(body: Bytes): AbortReason | undefined {
  const vote = voteBodyMessage.decode(body);
  return vote.kind === 'abort' ? vote.reason : undefined;
}

/**
 * Verifies that a quorum of distinct members signed the identical body, or for an abort one with another reason. Throws
 * `no_decision` and what a vote can throw.
 */
export function verifyDecision(round: VerifiedRound, decision: Decision): VerifiedDecision {
  const { body, votes } = decision;
  const at = { round: round.config.round };
  const members = new Set(votes.map((vote) => vote.member));
  ensure('decision.quorum', members.size === votes.length, 'no_decision', 'a member is counted twice', at);
  ensure('decision.quorum', members.size >= round.epoch.quorum, 'no_decision', 'not signed by a quorum', at);
  const own = votes.find(({ reason }) => reason === undefined);
  if (!own) throw new SecaggError('no_decision', 'nobody has signed the reason of the abort', at);
  const decided = verifyVote(round, { body, member: own.member, signature: own.signature });
  for (const vote of votes) {
    if (vote === own) continue;
    const { member, signature, reason } = vote;
    if (reason !== undefined && decided.kind !== 'abort')
      throw new SecaggError('no_decision', 'only an abort has votes for other reasons', at);
    verifyVote(round, {
      body: reason === undefined ? body : voteBodyMessage.encode({ ...decided, reason } as VoteBody),
      member,
      signature,
    });
  }
  return { decision, body: decided, hash: decisionHash(body) };
}
