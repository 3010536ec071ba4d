import { timingSafeEqual } from 'node:crypto';
import { type MemberIndex, SecaggError, type SubsetMask } from '@secagg/schema';
import { domainHash } from '../transcript/hashing';
import { type Seeds, seedsFromPlaintext } from './seeds';

/** Bytes of one commitment in a commitment list. */
export const COMMITMENT_BYTES = 32;

/** Whose seeds are committed to, and for what. */
export interface CommitmentContext {
  /** All pieces of the committee, in increasing order. */
  readonly pieces: readonly SubsetMask[];
  /** 32 bytes. */
  readonly configHash: Uint8Array;
  readonly routerId: string;
}

/**
 * The public commitment to one seed, which lets all holders of a piece know that they got the same one:
 * c_S = domainHash("pad/commitment", config_hash, router id, S as a number, k_S), see `domainHash`.
 * It binds by collision resistance and hides because k_S is 32 uniform bytes.
 *
 * @returns 32 bytes
 */
export function commitmentOf(
  configHash: Uint8Array,
  routerId: string,
  piece: SubsetMask,
  seed: Uint8Array,
): Uint8Array {
  return domainHash('pad/commitment', configHash, routerId, piece, seed);
}

/**
 * The commitment list of a contribution: c_S for all pieces, one after the other in increasing order of S.
 *
 * @returns 32·C(m, t-1) bytes
 * @throws SecaggError `invalid` when a seed is missing
 */
export function commitmentList(context: CommitmentContext, seeds: Seeds): Uint8Array {
  const list = new Uint8Array(COMMITMENT_BYTES * context.pieces.length);
  context.pieces.forEach((piece, i) => {
    const seed = seeds.get(piece);
    if (seed === undefined) throw new SecaggError('invalid', `There is no seed for piece ${piece}`);
    list.set(commitmentOf(context.configHash, context.routerId, piece, seed), COMMITMENT_BYTES * i);
  });
  return list;
}

/**
 * Whether `seed` is the one the list commits to for this piece. Compares in constant time.
 *
 * @throws SecaggError `malformed` for a list of another length, `invalid` for a piece the committee does not have
 */
export function matchesCommitment(
  context: CommitmentContext,
  commitments: Uint8Array,
  piece: SubsetMask,
  seed: Uint8Array,
): boolean {
  if (commitments.length !== COMMITMENT_BYTES * context.pieces.length) {
    throw new SecaggError(
      'malformed',
      `The commitments to ${context.pieces.length} pieces take another length than ${commitments.length}`,
    );
  }
  const index = context.pieces.indexOf(piece);
  if (index < 0) throw new SecaggError('invalid', `There is no piece ${piece}`);
  const expected = commitments.subarray(COMMITMENT_BYTES * index, COMMITMENT_BYTES * (index + 1));
  return timingSafeEqual(expected, commitmentOf(context.configHash, context.routerId, piece, seed));
}

/**
 * Reads an opened box and checks every seed in it.
 *
 * @param plaintext of member j's box; the caller wipes it
 * @param commitments the contribution's commitment list
 * @returns the seeds of all pieces that j holds; the caller wipes them
 * @throws SecaggError `malformed` for a plaintext or list of a wrong length; `cannot_open` when a seed does not match,
 *   `details.pieces` naming all such pieces. No seed of such a box is handed out: the member reports the box as
 * unusable.
 */
export function openBoxPlaintext(
  context: CommitmentContext,
  member: MemberIndex,
  plaintext: Uint8Array,
  commitments: Uint8Array,
): Map<SubsetMask, Uint8Array> {
  const seeds = seedsFromPlaintext(context.pieces, member, plaintext);
  const wrong = [...seeds]
    .filter(([piece, seed]) => !matchesCommitment(context, commitments, piece, seed))
    .map(([piece]) => piece);
  if (wrong.length === 0) return seeds;
  for (const seed of seeds.values()) seed.fill(0);
  throw new SecaggError('cannot_open', 'Seeds in the box do not match their commitments', {
    party: context.routerId,
    pieces: wrong,
  });
}
