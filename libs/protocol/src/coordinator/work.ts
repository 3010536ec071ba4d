/** What the coordinator waits for from one member, derived from the state alone: nothing to queue, nothing to lose. */
import {
  decisionMessage,
  epochCertificateMessage,
  type MemberIndex,
  type PartyId,
  type Work,
  type WorkItem,
} from '@secagg/schema';
import { bitOf } from '../round/contribution-set';
import { newestEpoch } from './numbering';
import { epochInForce } from './epochs-in-memory';
import { assignMissing } from './pieces';
import { canAbort, isVotedOn } from './open-votes';
import { answerTurn } from './answer-turn';
import { type CoordinatorContext, type CoordinatorState, type EpochState, type RoundState } from './state';

/**
 * @param signedAborts whether the member knows requests to abort; one of an earlier release is given the reason alone
 */
export function workFor(
  state: CoordinatorState,
  context: CoordinatorContext,
  member: PartyId,
  nowMs: number,
  signedAborts: boolean,
): Work {
  const items: WorkItem[] = [];
  const epoch = state.epochs.get(newestEpoch(state));
  if (epoch && !epoch.verified) items.push(...epochWork(epoch, member));
  const inForce = epochInForce(state, nowMs);
  const epochs = new Set(inForce ? [inForce.certificate] : []);
  for (const round of state.rounds.values()) {
    const index = round.verified.epoch.body.members.findIndex((entry) => entry.id === member);
    const work = index >= 0 ? roundWork(round, context, index as MemberIndex, nowMs, signedAborts) : [];
    if (work.length > 0) epochs.add(round.verified.epoch.certificate);
    items.push(...work);
  }
  return { items, epoch_certificates: [...epochs].map((certificate) => epochCertificateMessage.encode(certificate)) };
}

function epochWork(epoch: EpochState, member: PartyId): WorkItem[] {
  const { terms } = epoch;
  if (epoch.body) {
    return epoch.members.includes(member) && !epoch.signatures.has(member)
      ? [{ kind: 'sign-epoch', body: epoch.body }]
      : [];
  }
  if (!terms.candidates.includes(member) || epoch.seats.has(member)) return [];
  const { policy_version, roster_version, threshold, sealing_suite, not_after_ms } = terms;
  return [
    {
      kind: 'seat',
      epoch: terms.epoch as never,
      policy_version,
      roster_version,
      threshold,
      sealing_suite,
      not_after_ms,
    },
  ];
}

function roundWork(
  round: RoundState,
  context: CoordinatorContext,
  member: MemberIndex,
  nowMs: number,
  signedAborts: boolean,
): WorkItem[] {
  const { config, announcement } = round.verified;
  const at = { cluster: config.cluster, round: config.round, announcement };
  const items: WorkItem[] = [];
  if (round.headersRoot && !round.reports.has(member) && ['checking', 'voting', 'answering'].includes(round.phase))
    items.push({ kind: 'report', ...at });
  if (!round.votes.has(member)) {
    if (isVotedOn(round) && round.proposal) items.push({ kind: 'vote', ...at, proposal: round.proposal.signed });
    if (round.phase === 'aborting' && canAbort(round)) {
      const { abortReason: reason, abortRequest: request } = round;
      if (!signedAborts) items.push({ kind: 'abort', ...at, ...(reason && { reason }) });
      else if (request) items.push({ kind: 'abort', ...at, request });
    }
  }
  if (round.phase === 'answering' && round.proposal && round.decision) {
    const decided = {
      ...at,
      proposal: round.proposal.signed,
      decision: decisionMessage.encode(round.decision.decision),
    };
    const needs = transferNeeds(round, member);
    if (needs.length > 0) items.push({ kind: 'transfer', ...decided, needs });
    const pieces = assignMissing(round, answerTurn(round, context, nowMs)).get(member) ?? [];
    if (pieces.length > 0 || !round.answers.has(member)) {
      const transfers = [...round.transfers.values()]
        .filter(({ transfer }) => transfer.to === member)
        .map(({ signed }) => signed);
      items.push({ kind: 'answer', ...decided, pieces, transfers });
    }
  }
  return items;
}

/**
 * Seeds this member should pass on: for each member whose report says that its box of a decided router failed, the
 * first 2t-1 members that could use it help: at least t of them are honest and there, and any t hold all seeds.
 */
function transferNeeds(round: RoundState, member: MemberIndex): { to: MemberIndex; routers: PartyId[] }[] {
  const reports = [...round.reports.values()].map((entry) => entry.report).sort((a, b) => a.member - b.member);
  // Nearly always no box failed, and members ask often.
  if (reports.every((report) => round.headers.every((_, index) => bitOf(report.usable, index)))) return [];
  const decided = new Set(
    round.proposal?.set.groups.flatMap((group) => group.members.map((entry) => entry.header.router)),
  );
  const needs = new Map<MemberIndex, PartyId[]>();
  round.headers.forEach(({ header }, index) => {
    if (!decided.has(header.router)) return;
    const failed = reports.filter((report) => !bitOf(report.usable, index));
    if (failed.length === 0) return;
    const helpers = reports
      .filter((report) => bitOf(report.usable, index))
      .slice(0, round.verified.epoch.usableThreshold);
    if (!helpers.some((report) => report.member === member)) return;
    for (const { member: to } of failed) {
      if (round.transfers.has(`${member}>${to}`) || round.answers.has(to)) continue;
      const routers = needs.get(to);
      if (routers) routers.push(header.router);
      else needs.set(to, [header.router]);
    }
  });
  return [...needs].map(([to, routers]) => ({ to, routers }));
}
