/** Answers a decision with keystream sums of exactly the decided set (docs/protocol.md, "Answering"). */
import { holds, wipe, WordSum } from '@secagg/crypto';
import {
  type Answer,
  type AnswerBody,
  answerMessage,
  type Bytes,
  type PartyId,
  type PieceSum,
  SecaggError,
  type SubsetMask,
} from '@secagg/schema';
import { ensure } from '../checks/check';
import { signDocument } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { type ContributionSet, type DecidedGroup } from '../round/contribution-set';
import { type VerifiedDecision } from '../round/decision';
import { inRound, roundKey } from '../round/verified-round';
import { pieceHash, pieceKey } from '../wire/pieces';
import { type Step } from '../role';
import { type OpenedViews } from './check-views';
import { type MemberEvent, type MemberState } from './state';
import { voteSecret } from './cast-vote';

/**
 * The answer: signed hashes of the keystream sums of every group and piece this member holds, and the sums it is asked
 * for. Deterministic, so it may be computed and sent any number of times. Throws `recovery_failed` naming the routers
 * whose seeds this member still lacks, and `already_voted` for a second decision of the round: with more than t-1
 * members against it, the first is all that is opened.
 */
export function answer(
  state: MemberState,
  opened: OpenedViews,
  decided: { set: ContributionSet; decision: VerifiedDecision },
  wanted: readonly { group: number; piece: SubsetMask }[],
): Step<MemberEvent, AnswerBody> {
  const { round, member } = opened;
  const key = roundKey(round.config.cluster, round.config.round);
  const before = state.rounds.get(key)?.answered;
  const one = before === undefined || sameBytes(before, decided.decision.hash);
  ensure('answer.one_decision', one, 'already_voted', 'another decision of the round was answered', {
    round: round.config.round,
  });
  const index = new Map(opened.headers.map((entry, i) => [entry.header.router, i]));
  const asked = new Set(wanted.map(({ group, piece }) => pieceKey(group, piece)));
  const held = round.epoch.pieces.filter((piece) => holds(member, piece));
  const hashes: Answer['hashes'] = [];
  const pieces: PieceSum[] = [];
  for (const group of decided.set.groups) {
    for (const [piece, words] of keystreamSums(opened, group, index, held)) {
      hashes.push({
        group: group.group,
        piece,
        hash: pieceHash(round, decided.decision.hash, group.group, piece, words),
      });
      if (asked.has(pieceKey(group.group, piece))) pieces.push({ group: group.group, piece, words });
    }
  }
  const body: Answer = { ...inRound(round), member, decision_hash: decided.decision.hash, hashes };
  const signed = signDocument(answerMessage, round.config.fleet, body, voteSecret(state, round));
  return {
    events: [{ type: 'answered', key, epoch: round.config.epoch, decision: decided.decision.hash }],
    reply: { answer: signed, pieces },
  };
}

function keystreamSums(
  opened: OpenedViews,
  group: DecidedGroup,
  index: ReadonlyMap<PartyId, number>,
  held: readonly SubsetMask[],
): [SubsetMask, Bytes][] {
  const { round } = opened;
  const { keyDimension, keyBits } = round.cipher();
  const sums = held.map(() => new WordSum(keyDimension, keyBits));
  for (const { header } of group.members) {
    const seeds = opened.seeds[index.get(header.router) as number];
    const pad = round.pad(header.router);
    held.forEach((piece, i) => {
      const seed = seeds?.get(piece);
      if (!seed)
        throw new SecaggError('recovery_failed', `the seeds of ${header.router} are missing`, {
          party: header.router,
          round: round.config.round,
        });
      const key = pad.streamKey(piece, seed);
      sums[i].addKeystream(key);
      wipe(key);
    });
  }
  return held.map((piece, i) => {
    const words = sums[i].toPacked();
    sums[i].wipe();
    return [piece, words];
  });
}
