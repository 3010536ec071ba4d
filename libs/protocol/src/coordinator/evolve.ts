/** The one place where the coordinator's state changes: events that were decided, and are durable, are applied here. */
import {
  answerBodyMessage,
  answerMessage,
  epochMessage,
  proposalMessage,
  reportMessage,
  roundConfigMessage,
  seatMessage,
  SecaggError,
  transferMessage,
  voteBodyMessage,
} from '@secagg/schema';
import { hex } from '../wire/bytes';
import { deriveEpoch } from '../epoch/verified-epoch';
import { storedFreshness } from '../fleet/freshness';
import { evolveFleet } from '../fleet/update-fleet';
import { deriveSet, headersRoot, readyBody } from '../round/contribution-set';
import { decisionOf } from '../round/decision';
import { deriveRound, roundKey } from '../round/verified-round';
import { pieceKey } from '../wire/pieces';
import { checkTransition } from '../role';
import { acceptedContribution, acceptedHeader } from './check-contribution';
import { applyMisbehaviour } from './standing';
import { chargeAnnounced, settleDecided } from './ledger';
import { applyRestored, countAnnounced } from './numbering';
import { noteAnnounced, noteOutcome } from './past-rounds';
import { resolvedHash } from './pieces';
import { type CoordinatorEvent, type CoordinatorState, epochOf, roundOf, type RoundState } from './state';
import { roundTransitions } from './transitions';

export function evolveCoordinator(state: CoordinatorState, event: CoordinatorEvent): void {
  switch (event.type) {
    case 'fleet-updated':
      state.view = evolveFleet(state.view, event);
      return;
    case 'freshness-taken':
      state.freshness = storedFreshness(event.proof);
      return;
    case 'restored':
      applyRestored(state, event);
      return;
    case 'epoch-started':
      state.epochs.set(event.terms.epoch, { terms: event.terms, seats: new Map(), members: [], signatures: new Map() });
      return;
    case 'seat-taken': {
      const seat = seatMessage.decode(event.seat.body);
      epochOf(state, seat.epoch).seats.set(seat.member, { signed: event.seat, seat });
      return;
    }
    case 'epoch-proposed': {
      const epoch = epochOf(state, event.epoch);
      epoch.body = event.body;
      epoch.members = epochMessage.decode(event.body).members.map((member) => member.id);
      return;
    }
    case 'epoch-signed': {
      const epoch = epochOf(state, event.epoch);
      epoch.signatures.set(event.member, event.signature);
      if (epoch.body && epoch.signatures.size === epoch.members.length) {
        epoch.verified = deriveEpoch({
          body: epoch.body,
          signatures: epoch.members.map((member) => epoch.signatures.get(member) as Uint8Array),
        });
        if (!state.epoch || state.epoch.body.epoch < event.epoch) state.epoch = epoch.verified;
      }
      return;
    }
    case 'epochs-released':
      for (const epoch of event.epochs) state.epochs.delete(epoch);
      return;
    case 'round-announced': {
      const config = roundConfigMessage.decode(event.announcement.body);
      const epoch = epochOf(state, config.epoch).verified;
      if (!epoch) throw new SecaggError('internal', 'a round was announced in an epoch that is not complete');
      const round = deriveRound(state.view, epoch, event.announcement);
      state.rounds.set(roundKey(config.cluster, config.round), {
        verified: round,
        documents: state.view.documents,
        phase: 'collecting',
        accepted: new Map(),
        sums: Array.from({ length: config.groups }, () => round.cipher().newSum()),
        headers: [],
        reports: new Map(),
        votes: new Map(),
        transfers: new Map(),
        answers: new Map(),
        pieces: new Map(),
        liars: new Set(),
      });
      chargeAnnounced(state, round);
      countAnnounced(state, config);
      noteAnnounced(state, { verified: round });
      state.latestRound.set(config.cluster, Math.max(config.round, state.latestRound.get(config.cluster) ?? 0));
      return;
    }
    case 'round-released':
      state.rounds.delete(event.key);
      return;
    case 'misbehaviour-proven':
      applyMisbehaviour(state, event);
      return;
    default: {
      const round = roundOf(state, event.key);
      evolveRound(state, round, event);
      noteOutcome(state, round);
    }
  }
}

type RoundEvent = Exclude<Extract<CoordinatorEvent, { key: string }>, { type: 'round-released' }>;

function evolveRound(state: CoordinatorState, round: RoundState, event: RoundEvent): void {
  switch (event.type) {
    case 'contribution-accepted': {
      const { checked, contribution } = event.checked ?? acceptedContribution(event.bytes);
      round.sums?.[checked.header.group].addPacked(contribution.ciphertext);
      round.accepted.set(event.router, checked);
      return;
    }
    case 'contributions-listed':
      round.sums = undefined;
      for (const signed of event.headers) {
        const checked = acceptedHeader(signed);
        round.accepted.set(checked.header.router, checked);
      }
      return;
    case 'round-closed':
      if (!isDecidedBefore(round)) moveTo(round, 'checking');
      round.closedAtMs = event.atMs;
      round.headers = [...round.accepted.values()].sort((a, b) => (a.header.router < b.header.router ? -1 : 1));
      round.headersRoot = headersRoot(round.headers);
      return;
    case 'report-received': {
      const report = reportMessage.decode(event.report.body);
      round.reports.set(report.member, { signed: event.report, report });
      return;
    }
    case 'round-proposed': {
      const proposal = proposalMessage.decode(event.proposal.body);
      const set = deriveSet(
        round.verified,
        round.headers,
        proposal.reports.map((report) => reportMessage.decode(report.body)),
      );
      round.proposal = {
        signed: event.proposal,
        proposal,
        set,
        votedBytes: voteBodyMessage.encode(readyBody(round.verified, set, proposal.reports)),
      };
      if (!isDecidedBefore(round)) moveTo(round, 'voting');
      return;
    }
    case 'abort-proposed':
      if (!isDecidedBefore(round)) moveTo(round, 'aborting');
      round.abortReason = event.reason;
      round.abortRequest = event.request;
      return;
    case 'vote-received':
      round.votes.set(event.vote.member, { vote: event.vote, body: voteBodyMessage.decode(event.vote.body) });
      countVotes(round, event.atMs);
      settleDecided(state, round, event.atMs);
      return;
    case 'transfer-received': {
      const transfer = transferMessage.decode(event.transfer.body);
      round.transfers.set(`${transfer.from}>${transfer.to}`, { signed: event.transfer, transfer });
      return;
    }
    case 'answer-received':
      applyAnswer(round, event.bytes, event.atMs);
      return;
    case 'round-published':
      moveTo(round, 'published');
      round.result = [...event.sums];
      for (const sum of round.sums ?? []) sum.wipe();
      return;
    case 'round-undecided':
      if (!isDecidedBefore(round)) moveTo(round, 'undecided');
  }
}

/**
 * In the journal of an earlier release, which counted votes for an abort apart when their reasons differed, a round
 * goes on after the decision.
 */
const isDecidedBefore = ({ phase }: RoundState): boolean => phase === 'aborted';

function moveTo(round: RoundState, phase: RoundState['phase']): void {
  const { cluster, round: number } = round.verified.config;
  if (round.phase !== phase) checkTransition(roundKey(cluster, number), roundTransitions, round.phase, phase);
  round.phase = phase;
}

function countVotes(round: RoundState, atMs: number): void {
  if (round.decision) return;
  const decision = decisionOf(
    round.verified,
    [...round.votes.values()].map(({ vote }) => vote),
  );
  if (!decision) return;
  round.decision = decision;
  round.decidedAtMs = atMs;
  moveTo(round, decision.body.kind === 'ready' ? 'answering' : 'aborted');
}

function applyAnswer(round: RoundState, bytes: Uint8Array, atMs: number): void {
  const body = answerBodyMessage.decode(bytes);
  const answer = answerMessage.decode(body.answer.body);
  const hashes = new Map(answer.hashes.map((entry) => [pieceKey(entry.group, entry.piece), hex(entry.hash)]));
  round.answers.set(answer.member, { body: { answer: body.answer, pieces: [] }, atMs, hashes });
  for (const { group, piece, words } of body.pieces) {
    const key = pieceKey(group, piece);
    const state = round.pieces.get(key) ?? { group, piece, words: new Map() };
    state.words.set(hashes.get(key) as string, words);
    round.pieces.set(key, state);
  }
  // Whoever contradicts t others about a piece has answered wrongly.
  for (const key of hashes.keys()) {
    const agreed = resolvedHash(round, key);
    if (agreed === undefined) continue;
    for (const [member, other] of round.answers) {
      const claimed = other.hashes.get(key);
      if (claimed !== undefined && claimed !== agreed) round.liars.add(member);
    }
  }
}
