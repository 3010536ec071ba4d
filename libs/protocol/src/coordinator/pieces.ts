/**
 * Bookkeeping of piece sums: which hash t holders agree on, and whom to ask for the bytes (docs/protocol.md,
 * "Answering").
 */
import { holds } from '@secagg/crypto';
import { type Bytes, type MemberIndex, type SubsetMask } from '@secagg/schema';
import { hex } from '../wire/bytes';
import { type VerifiedRound } from '../round/verified-round';
import { agreement } from '../round/thresholds';
import { pieceHash, pieceKey } from '../wire/pieces';
import { type RoundState } from './state';

/**
 * The hash (hex) that at least t holders signed for a piece, if there is one. Two cannot be: at most t-1 members lie.
 */
export function resolvedHash(round: Pick<RoundState, 'answers' | 'verified'>, key: string): string | undefined {
  const counts = new Map<string, number>();
  for (const { hashes } of round.answers.values()) {
    const hash = hashes.get(key);
    if (hash === undefined) continue;
    const count = (counts.get(hash) ?? 0) + 1;
    if (count >= agreement(round.verified)) return hash;
    counts.set(hash, count);
  }
  return undefined;
}

/** The agreed bytes of a piece, once t holders signed their hash and one sent them. */
export function resolvedWords(round: RoundState, group: number, piece: number): Bytes | undefined {
  const key = pieceKey(group, piece);
  const hash = resolvedHash(round, key);
  return hash === undefined ? undefined : round.pieces.get(key)?.words.get(hash);
}

/** Every (group, piece) that the decision opens. */
export function* decidedPieces(round: RoundState): Generator<{ group: number; piece: SubsetMask }> {
  if (round.decision?.body.kind !== 'ready') return;
  for (const { group } of round.decision.body.groups)
    for (const piece of round.verified.epoch.pieces) yield { group, piece };
}

/**
 * Who is to send which piece sums now: of every piece that is still missing, one holder that is not known to be wrong
 * about it. Any holder gives the same bytes, so asking two does no harm.
 * @param turn how often the time for an answer has passed: each time the next holder is asked
 */
export function assignMissing(
  round: RoundState,
  turn: number,
): Map<MemberIndex, { group: number; piece: SubsetMask }[]> {
  const assigned = new Map<MemberIndex, { group: number; piece: SubsetMask }[]>();
  for (const { group, piece } of decidedPieces(round)) {
    if (resolvedWords(round, group, piece)) continue;
    const holders = eligibleHolders(round, group, piece);
    if (holders.length === 0) continue;
    const member = holders[turn % holders.length];
    const list = assigned.get(member);
    if (list) list.push({ group, piece });
    else assigned.set(member, [{ group, piece }]);
  }
  return assigned;
}

/** Holders whose bytes are not here already and whom t others do not contradict. */
function eligibleHolders(round: RoundState, group: number, piece: SubsetMask): MemberIndex[] {
  const key = pieceKey(group, piece);
  const agreed = resolvedHash(round, key);
  return round.verified.epoch.body.members.flatMap((_, index) => {
    const member = index as MemberIndex;
    if (!holds(member, piece) || round.liars.has(member)) return [];
    const claimed = round.answers.get(member)?.hashes.get(key);
    if (claimed === undefined) return [member];
    const sent = round.pieces.get(key)?.words.has(claimed) === true;
    return sent || (agreed !== undefined && claimed !== agreed) ? [] : [member];
  });
}

export const hashHex = (
  round: VerifiedRound,
  decisionHash: Bytes,
  group: number,
  piece: number,
  words: Bytes,
): string => hex(pieceHash(round, decisionHash, group, piece, words));
