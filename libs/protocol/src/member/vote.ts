/** Reporting and voting: reports come first, and a member votes once (docs/protocol.md, "Checking and reporting" and "Deciding"). */
import { signMessage } from '@secagg/crypto';
import {
  type AbortReason,
  proposalMessage,
  type Report,
  reportMessage,
  type Signed,
  type Vote,
  type VoteBody,
  voteBodyMessage,
} from '@secagg/schema';
import { ensure, refuse, under } from '../checks/check';
import { openUnder } from '../checks/open-under';
import { signDocument } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { isWithinReach } from '../epoch/verified-epoch';
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
import { inRound, ofRoundKey, roundKey, type VerifiedRound } from '../round/verified-round';
import { type Step } from '../role';
import { type OpenedViews } from './check-views';
import { type MemberEvent, type MemberState } from './state';

/** The member's report on what it opened. The same round again gives the stored report; other headers are refused. */
export function report(state: MemberState, opened: OpenedViews): Step<MemberEvent, Signed> {
  const { round, member } = opened;
  const key = roundKey(round.config.cluster, round.config.round);
  const held = state.rounds.get(key)?.report;
  if (held) {
    const same =
      sameBytes(held.report.headers_root, opened.root) && sameBytes(held.report.config_hash, round.configHash);
    if (same) return { events: [], reply: held.signed };
    refuse('report.once', 'bad_proposal', 'another list of contributions was reported on', {
      round: round.config.round,
    });
  }
  checkMaySpeak(state, round);
  const usable = new Uint8Array(Math.ceil(opened.headers.length / 8));
  opened.seeds.forEach((seeds, i) => {
    if (seeds) usable[i >> 3] |= 1 << (i & 7);
  });
  const body: Report = { ...inRound(round), member, headers_root: opened.root, count: opened.headers.length, usable };
  const signed = signDocument(reportMessage, round.config.fleet, body, voteSecret(state, round));
  return { events: [{ type: 'reported', key, epoch: round.config.epoch, report: signed }], reply: signed };
}

/** The set that follows from a signed proposal and the headers this member has seen. Throws `bad_proposal` and the like. */
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
 * Votes `ready` on a proposal. The vote must be durable before it is sent. A member that has voted sends that vote again; one that voted for
 * another set throws `already_voted`.
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

/** Throws `already_voted`, with the two proposals as evidence against the coordinator where the first one is still here. */
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

/**
 * Votes `abort`. Needs no proof that it is right to: whoever has voted abort never votes ready, so with an abort decision nothing is ever opened.
 * @param reason from {@link askedToAbort}; not counted
 */
export function voteAbort(
  state: MemberState,
  round: VerifiedRound,
  member: OpenedViews['member'],
  reason: AbortReason,
): Step<MemberEvent, Vote> {
  const held = heldVote(state, round);
  if (held) return { events: [], reply: held };
  return castVote(state, round, member, { ...inRound(round), kind: 'abort', reason });
}

/** The vote this member has cast in the round. Throws `already_voted` when that was on another configuration of it. */
function heldVote(state: MemberState, round: VerifiedRound): Vote | undefined {
  const vote = state.rounds.get(roundKey(round.config.cluster, round.config.round))?.vote;
  const same = vote === undefined || sameBytes(voteBodyMessage.decode(vote.body).config_hash, round.configHash);
  ensure('vote.once', same, 'already_voted', 'a vote was cast on another configuration of the round', {
    round: round.config.round,
  });
  return vote;
}

/**
 * Throws `stale_round` for a round that this member spoke about in an epoch that is erased (one vote a round, whatever epoch it is announced in
 * again), and `policy` for a number far above those it has spoken about in the epochs that it has a seat in.
 */
function checkMaySpeak(state: MemberState, { config }: VerifiedRound): void {
  const at = { round: config.round };
  const erased = state.rounds.get(roundKey(config.cluster, config.round));
  const isErased = erased !== undefined && !state.seats.has(erased.epoch);
  ensure('vote.once', !isErased, 'stale_round', `round ${config.round} was spoken about in an epoch erased here`, at);
  let highest = 0;
  for (const [key, { epoch }] of state.rounds) {
    const { cluster, round } = ofRoundKey(key);
    if (cluster === config.cluster && state.seats.has(epoch)) highest = Math.max(highest, round);
  }
  const isNear = isWithinReach(config.round, highest);
  ensure('round.once', isNear, 'policy', `round ${config.round} is too far above the highest spoken about`, at);
}

function castVote(
  state: MemberState,
  round: VerifiedRound,
  member: OpenedViews['member'],
  body: VoteBody,
  proposal?: Signed,
): Step<MemberEvent, Vote> {
  checkMaySpeak(state, round);
  const bytes = voteBodyMessage.encode(body);
  const signature = signMessage(
    voteSecret(state, round),
    { type: voteBodyMessage.type, fleet: round.config.fleet },
    bytes,
  );
  const vote: Vote = { body: bytes, member, signature };
  return {
    events: [
      {
        type: 'voted',
        key: roundKey(round.config.cluster, round.config.round),
        epoch: round.config.epoch,
        vote,
        ...(proposal ? { proposal } : {}),
      },
    ],
    reply: vote,
  };
}

export function voteSecret(state: MemberState, round: VerifiedRound): Uint8Array {
  const secrets = state.seats.get(round.config.epoch)?.secrets;
  if (!secrets)
    refuse('seat.secrets', 'no_seat', `the secrets of epoch ${round.config.epoch} are gone`, {
      round: round.config.round,
    });
  return secrets.voteSecret;
}
