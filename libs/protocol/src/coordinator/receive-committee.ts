/** What members say in a round, checked before it counts (docs/protocol.md, "Checking and reporting", "Deciding" and "Answering"). */
import { holds } from '@secagg/crypto';
import {
  type AnswerBody,
  answerBodyMessage,
  answerMessage,
  type Bytes,
  type MemberIndex,
  SecaggError,
  type Signed,
  transferMessage,
  type Vote,
} from '@secagg/schema';
import { ensure, under } from '../checks/check';
import { hex, sameBytes } from '../wire/bytes';
import { openUnder } from '../checks/open-under';
import { refuseSecond } from '../evidence/refuse-second';
import { checkInRound, openReport } from '../round/contribution-set';
import { type VerifiedDecision, verifyVote } from '../round/decision';
import { checkPieceSum } from '../round/packed-vector';
import { type Step } from '../role';
import { pieceKey } from '../wire/pieces';
import { decidedPieces, hashHex } from './pieces';
import { type CoordinatorEvent, type CoordinatorState, roundOf, type RoundState } from './state';

const nothing: Step<CoordinatorEvent> = { events: [], reply: undefined };

/** Takes a member's report. One a member; the identical one again is harmless. Late ones still tell who needs seeds. */
export function receiveReport(state: CoordinatorState, key: string, signed: Signed): Step<CoordinatorEvent> {
  const round = roundOf(state, key);
  if (!round.headersRoot) throw new SecaggError('stale_round', 'the round is not closed yet');
  const report = openReport(state.view, round.round, round.headersRoot, round.headers.length, signed);
  const held = round.reports.get(report.member);
  if (held) {
    if (sameBytes(held.signed.body, signed.body)) return nothing;
    refuseSecond(
      'report.once',
      round.round.view,
      { kind: 'two-reports', statements: [held.signed, signed], ...accused(round, report.member) },
      {
        code: 'duplicate',
        message: 'the member has reported otherwise',
        details: { round: round.round.config.round },
      },
    );
  }
  return { events: [{ type: 'report-received', key, report: signed }], reply: undefined };
}

/**
 * Takes a vote. A member has one: another one is refused as `already_voted`, with both as evidence.
 * A `ready` must be for the proposed set, since only that can become the decision.
 */
export function receiveVote(state: CoordinatorState, key: string, vote: Vote, nowMs: number): Step<CoordinatorEvent> {
  const round = roundOf(state, key);
  const body = verifyVote(round.round, vote);
  const held = round.votes.get(vote.member);
  if (held) {
    if (sameBytes(held.vote.body, vote.body)) return nothing;
    refuseSecond(
      'vote.once',
      round.round.view,
      { kind: 'two-votes', statements: [held.vote, vote], ...accused(round, vote.member) },
      {
        code: 'already_voted',
        message: 'the member has voted otherwise',
        details: { round: round.round.config.round },
      },
    );
  }
  const proposed =
    body.kind === 'abort' || (round.proposal !== undefined && sameBytes(round.proposal.votedBytes, vote.body));
  ensure('decision.set', proposed, 'bad_proposal', 'the vote is for a set that was not proposed', {
    party: seatOf(round, vote.member),
    round: round.round.config.round,
  });
  if (round.decision) return nothing;
  return { events: [{ type: 'vote-received', key, vote, atMs: nowMs }], reply: undefined };
}

/** Takes seeds that one holder passes to another after the decision. Only the receiver can look inside. */
export function receiveTransfer(state: CoordinatorState, key: string, signed: Signed): Step<CoordinatorEvent> {
  const round = roundOf(state, key);
  const decision = readyDecision(round);
  const claimed = transferMessage.decode(signed.body);
  const seat = round.round.epoch.epoch.members[claimed.from];
  if (!seat || !round.round.epoch.epoch.members[claimed.to])
    throw new SecaggError('no_seat', 'the transfer is between no members of the epoch');
  const transfer = openUnder('answer.signed', transferMessage, state.view.fleet, signed, {
    key: seat.vote_key,
    id: seat.id,
  });
  under('answer.signed', () => checkInRound(round.round, transfer, seat.id));
  ensure(
    'answer.signed',
    sameBytes(transfer.decision_hash, decision.hash),
    'no_decision',
    'the transfer is about another decision',
    { party: seat.id },
  );
  if (round.transfers.has(`${transfer.from}>${transfer.to}`)) return nothing;
  return { events: [{ type: 'transfer-received', key, transfer: signed }], reply: undefined };
}

/**
 * Takes a member's answer: signed hashes of all its pieces, and the bytes of some. Bytes that do not match the member's own
 * hash are refused as `wrong_answer`; a second answer with other hashes as `duplicate`.
 */
export function receiveAnswer(
  state: CoordinatorState,
  key: string,
  bytes: Bytes,
  nowMs: number,
): Step<CoordinatorEvent> {
  const round = roundOf(state, key);
  const decision = readyDecision(round);
  const body = answerBodyMessage.decode(bytes);
  const claimed = answerMessage.decode(body.answer.body);
  const seat = round.round.epoch.epoch.members[claimed.member];
  if (!seat) throw new SecaggError('no_seat', 'the answer is of no member of the epoch');
  const answer = openUnder('answer.signed', answerMessage, state.view.fleet, body.answer, {
    key: seat.vote_key,
    id: seat.id,
  });
  under('answer.signed', () => checkInRound(round.round, answer, seat.id));
  ensure(
    'answer.signed',
    sameBytes(answer.decision_hash, decision.hash),
    'no_decision',
    'the answer is about another decision',
    { party: seat.id },
  );
  checkCoverage(
    round,
    answer.member,
    answer.hashes.map((entry) => pieceKey(entry.group, entry.piece)),
    seat.id,
  );
  const held = round.answers.get(answer.member);
  const same = held === undefined || sameBytes(held.body.answer.body, body.answer.body);
  if (held && !same) {
    refuseSecond(
      'answer.once',
      round.round.view,
      { kind: 'two-answers', statements: [held.body.answer, body.answer], ...accused(round, answer.member) },
      {
        code: 'duplicate',
        message: `${seat.id} has answered otherwise`,
        details: { round: round.round.config.round },
      },
    );
  }
  checkWords(
    round,
    decision,
    body,
    new Map(answer.hashes.map((entry) => [pieceKey(entry.group, entry.piece), hex(entry.hash)])),
    seat.id,
  );
  if (round.phase !== 'answering') return nothing;
  // Bytes that are here already are not stored again: a member cannot fill the disk by repeating itself.
  const isNew = ({ group, piece, words }: AnswerBody['pieces'][number]) =>
    !round.pieces.get(pieceKey(group, piece))?.words.has(hashHex(round.round, decision.hash, group, piece, words));
  if (held && same && !body.pieces.some(isNew)) return nothing;
  return { events: [{ type: 'answer-received', key, bytes, atMs: nowMs }], reply: undefined };
}

function checkCoverage(round: RoundState, member: MemberIndex, keys: readonly string[], party: string): void {
  const expected = [...decidedPieces(round)]
    .filter(({ piece }) => holds(member, piece))
    .map(({ group, piece }) => pieceKey(group, piece));
  if (expected.length !== keys.length || expected.some((key, i) => keys[i] !== key)) {
    throw new SecaggError('invalid', 'the answer must have a hash for exactly the pieces the member holds, in order', {
      party,
    });
  }
}

function checkWords(
  round: RoundState,
  decision: VerifiedDecision,
  body: AnswerBody,
  hashes: ReadonlyMap<string, string>,
  party: string,
): void {
  const at = { party, round: round.round.config.round };
  const seen = new Set<string>();
  for (const { group, piece, words } of body.pieces) {
    const key = pieceKey(group, piece);
    if (seen.has(key)) throw new SecaggError('invalid', 'a piece is there twice', at);
    seen.add(key);
    checkPieceSum(round.round, words, at);
    const own = hashes.get(key) === hashHex(round.round, decision.hash, group, piece, words);
    ensure('answer.words', own, 'wrong_answer', `a piece sum of ${party} does not match its own signed hash`, at);
  }
}

function readyDecision(round: RoundState): VerifiedDecision {
  if (round.decision?.body.kind !== 'ready')
    throw new SecaggError('no_decision', 'the round has not been decided for opening', {
      round: round.round.config.round,
    });
  return round.decision;
}

/** Whose vote key signed, and the epoch that says so. */
const accused = (round: RoundState, member: MemberIndex) => ({
  party: seatOf(round, member),
  epoch: round.round.epoch.certificate,
});

const seatOf = (round: RoundState, member: MemberIndex): string => round.round.epoch.epoch.members[member].id;
