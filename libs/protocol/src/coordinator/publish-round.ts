/** Opens the sums of a decided round (docs/protocol.md, "Publishing and auditing"). */
import { type CiphertextSum, WordSum } from '@secagg/crypto';
import { type Bytes, type PartyId } from '@secagg/schema';
import { acceptedParts } from './check-contribution';
import { decidedPieces, resolvedWords } from './pieces';
import {
  type CoordinatorContext,
  type CoordinatorEvent,
  type CoordinatorState,
  roundOf,
  type RoundState,
} from './state';

export const publish = (round: RoundState, context: CoordinatorContext, key: string): CoordinatorEvent[] =>
  !round.sums || !isOpenable(round) ? [] : [published(round, context, key, round.sums)];

/** Whether a round was decided for opening and every piece sum that takes is there. */
export function isOpenable(round: RoundState): boolean {
  if (round.phase !== 'answering') return false;
  for (const { group, piece } of decidedPieces(round)) if (!resolvedWords(round, group, piece)) return false;
  return true;
}

/**
 * Opens a round whose ciphertexts were added up elsewhere; nothing while it cannot be opened.
 * @param sums of all accepted ciphertexts, per group
 */
export function publishRound(
  state: CoordinatorState,
  context: CoordinatorContext,
  key: string,
  sums: readonly CiphertextSum[],
): readonly CoordinatorEvent[] {
  const round = roundOf(state, key);
  return isOpenable(round) ? [published(round, context, key, sums)] : [];
}

const published = (
  round: RoundState,
  context: CoordinatorContext,
  key: string,
  sums: readonly CiphertextSum[],
): CoordinatorEvent => ({
  type: 'round-published',
  key,
  sums: openSums(round, sums, (router) => context.contribution(key, router)),
});

/**
 * Per decided group: the sum of all accepted, less the ciphertexts that did not stay in, less the keystream sums of all
 * pieces.
 */
function openSums(
  round: RoundState,
  sums: readonly CiphertextSum[],
  contribution: (router: PartyId) => Bytes,
): { group: number; words: Bytes }[] {
  const cipher = round.verified.cipher();
  const set = (round.proposal as NonNullable<RoundState['proposal']>).set;
  return set.groups.map(({ group, members }) => {
    const sum = cipher.newSum();
    sum.addPacked(sums[group].toPacked());
    const kept = new Set(members.map((entry) => entry.header.router));
    for (const { header } of round.headers) {
      if (header.group === group && !kept.has(header.router))
        sum.subtractPacked(acceptedParts(contribution(header.router)).ciphertext);
    }
    const keystreams = new WordSum(cipher.keyDimension, cipher.keyBits);
    for (const piece of round.verified.epoch.pieces) keystreams.addPacked(resolvedWords(round, group, piece) as Bytes);
    return { group, words: cipher.open(sum, keystreams, members.length) };
  });
}
