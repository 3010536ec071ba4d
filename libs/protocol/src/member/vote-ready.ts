/** Votes on a proposal (docs/protocol.md, "Deciding"). */
import { proposalMessage, type Signed, type Vote, type VoteBody, voteBodyMessage } from '@secagg/schema';
import { ensure, refuse, under } from '../checks/check';
import { openUnder } from '../checks/open-under';
import { sameBytes } from '../wire/bytes';
import { refuseSecond } from '../evidence/refuse-second';
import { certificateOf } from '../fleet/fleet-view';
import {
  checkEnoughGroups,
  checkInRound,
  type ContributionSet,
  deriveSet,
  openReport,
  readyBody,
} from '../round/contribution-set';
import { roundKey, type VerifiedRound } from '../round/verified-round';
import { type Step } from '../role';
import { type OpenedViews } from './check-views';
import { type MemberEvent, type MemberState } from './state';
import { castVote, heldVote } from './cast-vote';

/**
 * The set that follows from a signed proposal and the headers this member has seen. Throws `bad_proposal` and the like.
 */
export function setOfProposal(opened: OpenedViews, signed: Signed): { set: ContributionSet; body: VoteBody } {
  const { round } = opened;
  const coordinator = certificateOf(round.view, round.config.coordinator, 'coordinator', round.config.round_time_ms);
  const proposal = openUnder('proposal.signed', proposalMessage, round.config.fleet, signed, {
    key: coordinator.public_key,
    id: round.config.coordinator,
  });
  under('proposal.signed', () => checkInRound(round, proposal, round.config.coordinator));
  const reports = proposal.reports.map((entry) =>
    openReport(round.view, round, opened.root, opened.headers.length, entry),
  );
  reports.forEach((entry, i) => {
    const follows = i === 0 || reports[i - 1].member < entry.member;
    ensure('proposal.signed', follows, 'bad_proposal', 'the reports are not of distinct members in order', {
      round: round.config.round,
    });
  });
  const set = deriveSet(round, opened.headers, reports);
  checkEnoughGroups(round, set);
  return { set, body: readyBody(round, set, proposal.reports) };
}

/**
 * Votes `ready` on a proposal. The vote must be durable before it is sent. A member that has voted sends that vote
 * again; one that voted for another set throws `already_voted`.
 */
export function voteReady(state: MemberState, opened: OpenedViews, proposal: Signed): Step<MemberEvent, Vote> {
  const { round } = opened;
  const held = heldVote(state, round);
  // A member that voted to abort never votes ready.
  if (held && voteBodyMessage.decode(held.body).kind === 'abort') return { events: [], reply: held };
  const { body } = setOfProposal(opened, proposal);
  if (held) {
    if (sameBytes(held.body, voteBodyMessage.encode(body))) return { events: [], reply: held };
    refuseOtherSet(state, round, proposal);
  }
  return castVote(state, round, opened.member, body, proposal);
}

/**
 * Throws `already_voted`, with the two proposals as evidence against the coordinator where the first one is still here.
 */
function refuseOtherSet(state: MemberState, round: VerifiedRound, proposal: Signed): never {
  const { config } = round;
  const first = state.rounds.get(roundKey(config.cluster, config.round))?.proposal;
  const refusal = {
    code: 'already_voted',
    message: 'a vote was cast for another set of contributions',
    details: { round: config.round },
  } as const;
  if (first)
    refuseSecond(
      'vote.once',
      round.view,
      { kind: 'two-proposals', party: config.coordinator, statements: [first, proposal] },
      refusal,
    );
  return refuse('vote.once', refusal.code, refusal.message, refusal.details);
}
