/** Takes a member's answer (docs/protocol.md, "Answering"). */
import { holds } from '@secagg/crypto';
import {
  type AnswerBody,
  answerBodyMessage,
  answerMessage,
  type Bytes,
  type MemberIndex,
  SecaggError,
} from '@secagg/schema';
import { ensure, under } from '../checks/check';
import { hex, sameBytes } from '../wire/bytes';
import { openUnder } from '../checks/open-under';
import { refuseSecond } from '../evidence/refuse-second';
import { checkInRound } from '../round/contribution-set';
import { type VerifiedDecision } from '../round/decision';
import { checkPieceSum } from '../round/packed-vector';
import { type Step } from '../role';
import { pieceKey } from '../wire/pieces';
import { decidedPieces, hashHex } from './pieces';
import { type CoordinatorEvent, type CoordinatorState, roundOf, type RoundState } from './state';
import { accused, nothing, readyDecision } from './committee-words';

/**
 * Takes a member's answer: signed hashes of all its pieces, and the bytes of some. Bytes that do not match the member's
 * own hash are refused as `wrong_answer`; a second answer with other hashes as `duplicate`.
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
  const seat = round.verified.epoch.body.members[claimed.member];
  if (!seat) throw new SecaggError('no_seat', 'the answer is of no member of the epoch');
  const answer = openUnder('answer.signed', answerMessage, state.view.fleet, body.answer, {
    key: seat.vote_key,
    id: seat.id,
  });
  under('answer.signed', () => checkInRound(round.verified, answer, seat.id));
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
      round.verified.view,
      { kind: 'two-answers', statements: [held.body.answer, body.answer], ...accused(round, answer.member) },
      {
        code: 'duplicate',
        message: `${seat.id} has answered otherwise`,
        details: { round: round.verified.config.round },
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
    !round.pieces.get(pieceKey(group, piece))?.words.has(hashHex(round.verified, decision.hash, group, piece, words));
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
  const at = { party, round: round.verified.config.round };
  const seen = new Set<string>();
  for (const { group, piece, words } of body.pieces) {
    const key = pieceKey(group, piece);
    if (seen.has(key)) throw new SecaggError('invalid', 'a piece is there twice', at);
    seen.add(key);
    checkPieceSum(round.verified, words, at);
    const own = hashes.get(key) === hashHex(round.verified, decision.hash, group, piece, words);
    ensure('answer.words', own, 'wrong_answer', `a piece sum of ${party} does not match its own signed hash`, at);
  }
}
