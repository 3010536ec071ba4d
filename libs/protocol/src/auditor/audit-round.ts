/**
 * Re-checks a published round from the fleet authority's public key alone (docs/protocol.md, "Publishing and
 * auditing").
 */
import { holds, WordSum } from '@secagg/crypto';
import {
  type Answer,
  answerMessage,
  type Bytes,
  type Report,
  SecaggError,
  type Signed,
  type Transcript,
} from '@secagg/schema';
import { ensure, under } from '../checks/check';
import { hex, sameBytes } from '../wire/bytes';
import { openUnder } from '../checks/open-under';
import { verifyEpoch } from '../epoch/verified-epoch';
import { type FleetView, verifyFleet } from '../fleet/fleet-view';
import {
  type CheckedHeader,
  checkEnoughGroups,
  checkHeader,
  checkInRound,
  checkOrder,
  type ContributionSet,
  type DecidedGroup,
  deriveSet,
  headerHash,
  headersRoot,
  openReport,
  readyBody,
} from '../round/contribution-set';
import { type VerifiedDecision, verifyDecision } from '../round/decision';
import { roundCost } from '../round/privacy';
import { openAnnouncement, type VerifiedRound, verifyAnnouncement } from '../round/verified-round';
import { agreement } from '../round/thresholds';
import { pieceHash, pieceKey } from '../wire/pieces';
import { checkSum } from './check-sum';
import { ciphertextDigest } from '../wire/digests';
import { blameFleet, inPart } from '../wire/transcript-part';
import { type AuditedRound } from '../result/audited-round';

/**
 * Verifies everything and recomputes the sums. Throws a SecaggError that says what does not hold; `details.part` names
 * the part of the transcript in which (as `reports[2]` or `authority_key`), where one can be named.
 * @param authorityKey Ed25519 public key of the fleet authority: all that is believed
 */
export function auditTranscript(authorityKey: Bytes, transcript: Transcript): AuditedRound {
  const view = inPart(
    () => blameFleet(authorityKey, transcript),
    () => verifyFleet(authorityKey, { policy: transcript.policy, roster: transcript.roster }),
  );
  const { round_time_ms } = inPart('announcement', () => openAnnouncement(view, transcript.announcement));
  const epoch = inPart('epoch_certificate', () => verifyEpoch(view, transcript.epoch_certificate, round_time_ms));
  const round = inPart('announcement', () => verifyAnnouncement(view, epoch, transcript.announcement));
  const decision = inPart('decision', () => verifyDecision(round, transcript.decision));
  if (decision.body.kind === 'abort') {
    const { contributions, reports, answers, pieces, sums } = transcript;
    if ([contributions, reports, answers, pieces, sums].some((part) => part.length > 0))
      throw new SecaggError('invalid', 'the round was aborted, but the transcript has more than the decision');
    return { kind: 'aborted', view, round, decision };
  }

  const headers = transcript.contributions.map((entry, i) =>
    inPart(`contributions[${i}].header`, () => checkHeader(view, round, entry.header)),
  );
  checkOrder(headers, round);
  const root = headersRoot(headers);
  const reports: Report[] = transcript.reports.map((signed, i) =>
    inPart(`reports[${i}]`, () => openReport(view, round, root, headers.length, signed)),
  );
  reports.forEach((report, i) => {
    ensure(
      'proposal.signed',
      i === 0 || reports[i - 1].member < report.member,
      'bad_proposal',
      'the reports are not of distinct members in order',
    );
  });
  const set = deriveSet(round, headers, reports);
  checkEnoughGroups(round, set);
  inPart('decision', () => checkDecidedSet(round, decision, set, transcript));
  const decided = new Set(set.groups.flatMap(({ members }) => members.map(({ header }) => header.router)));
  const ciphertexts = new Map<string, Bytes>();
  headers.forEach((entry, i) => {
    const { ciphertext } = transcript.contributions[i];
    inPart(`contributions[${i}].ciphertext`, () => {
      if (ciphertext !== undefined) ciphertexts.set(entry.header.router, checkedCiphertext(entry, ciphertext));
      else if (decided.has(entry.header.router))
        throw new SecaggError('not_found', `the ciphertext of ${entry.header.router} is missing`, {
          party: entry.header.router,
        });
    });
  });
  const agreed = agreedHashes(view, round, decision, transcript.answers);
  const sums = set.groups.map((group) => recomputeSum(round, decision, group, ciphertexts, agreed, transcript));
  const surplus =
    transcript.pieces.length !== set.groups.length * round.epoch.pieces.length ||
    transcript.sums.length !== set.groups.length;
  if (surplus) throw new SecaggError('invalid', 'the transcript has pieces or sums that the decision does not open');
  return {
    kind: 'opened',
    view,
    round,
    decision,
    set,
    sums,
    cost: roundCost(
      round.config,
      set.groups.map((group) => group.members.length),
    ),
    hashOf: headerHash,
  };
}

function checkDecidedSet(
  round: VerifiedRound,
  decision: VerifiedDecision,
  set: ContributionSet,
  transcript: Transcript,
): void {
  const expected = readyBody(round, set, transcript.reports);
  const { body } = decision;
  const same =
    expected.kind === 'ready' &&
    body.kind === 'ready' &&
    sameBytes(expected.reports_hash, body.reports_hash) &&
    expected.groups.length === body.groups.length &&
    expected.groups.every(
      (group, i) =>
        group.group === body.groups[i].group &&
        group.size === body.groups[i].size &&
        sameBytes(group.set_root, body.groups[i].set_root),
    );
  ensure(
    'decision.set',
    same,
    'no_decision',
    'the quorum decided on another set than the one that follows from headers and reports',
  );
}

function checkedCiphertext(entry: CheckedHeader, ciphertext: Bytes): Bytes {
  const matches = sameBytes(entry.header.ciphertext_digest, ciphertextDigest(ciphertext));
  ensure(
    'header.digests',
    matches,
    'wrong_digest',
    `the ciphertext of ${entry.header.router} does not match its signed digest`,
    { party: entry.header.router },
  );
  return ciphertext;
}

/** Per (group, piece), the hash that at least t holders signed. */
function agreedHashes(
  view: FleetView,
  round: VerifiedRound,
  decision: VerifiedDecision,
  answers: readonly Signed[],
): Map<string, string> {
  const counts = new Map<string, Map<string, Set<number>>>();
  answers.forEach((signed, i) => {
    const answer = inPart(`answers[${i}]`, () => checkedAnswer(view, round, decision, signed));
    for (const { group, piece, hash } of answer.hashes) {
      const key = pieceKey(group, piece);
      const byHash = counts.get(key) ?? new Map<string, Set<number>>();
      counts.set(key, byHash);
      byHash.set(hex(hash), (byHash.get(hex(hash)) ?? new Set()).add(answer.member));
    }
  });
  const agreed = new Map<string, string>();
  for (const [key, byHash] of counts) {
    for (const [hash, members] of byHash) if (members.size >= agreement(round)) agreed.set(key, hash);
  }
  return agreed;
}

function checkedAnswer(view: FleetView, round: VerifiedRound, decision: VerifiedDecision, signed: Signed): Answer {
  const seat = round.epoch.body.members[answerMessage.decode(signed.body).member];
  if (!seat) throw new SecaggError('no_seat', 'an answer is of no member of the epoch');
  const answer = openUnder('answer.signed', answerMessage, view.fleet, signed, { key: seat.vote_key, id: seat.id });
  under('answer.signed', () => checkInRound(round, answer, seat.id));
  ensure(
    'answer.signed',
    sameBytes(answer.decision_hash, decision.hash),
    'no_decision',
    `the answer of ${seat.id} is about another decision`,
    { party: seat.id },
  );
  if (answer.hashes.some(({ piece }) => !holds(answer.member, piece)))
    throw new SecaggError('wrong_answer', `${seat.id} answered for a piece it does not hold`, { party: seat.id });
  return answer;
}

function recomputeSum(
  round: VerifiedRound,
  decision: VerifiedDecision,
  group: DecidedGroup,
  ciphertexts: ReadonlyMap<string, Bytes>,
  agreed: ReadonlyMap<string, string>,
  transcript: Transcript,
): { group: number; size: number; values: Float64Array } {
  const cipher = round.cipher();
  const ciphertextSum = cipher.newSum();
  for (const { header } of group.members) ciphertextSum.addPacked(ciphertexts.get(header.router) as Bytes);
  const pads = new WordSum(cipher.keyDimension, cipher.keyBits);
  for (const piece of round.epoch.pieces) {
    const index = transcript.pieces.findIndex((entry) => entry.group === group.group && entry.piece === piece);
    if (index < 0) throw new SecaggError('recovery_failed', `group ${group.group} lacks piece ${piece}`);
    const { words } = transcript.pieces[index];
    const hash = hex(pieceHash(round, decision.hash, group.group, piece, words));
    const isAgreed = agreed.get(pieceKey(group.group, piece)) === hash;
    ensure(
      'piece.agreed',
      isAgreed,
      'wrong_answer',
      `piece ${piece} of group ${group.group} is not what ${round.epoch.threshold} holders signed`,
      { part: `pieces[${index}]` },
    );
    pads.addPacked(words);
  }
  const sum = new WordSum(round.dimension, round.config.layout.word_bits);
  sum.addPacked(cipher.open(ciphertextSum, pads, group.members.length));
  checkSum(sum, group.group, transcript.sums);
  return { group: group.group, size: group.members.length, values: sum.toSigned() };
}
