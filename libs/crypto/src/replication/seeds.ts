import { type MemberIndex, type RandomBytes, SecaggError, type SubsetMask } from '@secagg/schema';
import { SEED_BYTES } from '../pad/keystream';
import { piecesHeldBy } from './pieces';

/** Secret seeds k_S by piece, 32 bytes each. */
export type Seeds = ReadonlyMap<SubsetMask, Uint8Array>;

/**
 * Draws a fresh seed for every piece. For one vector of one round only: the same seed under the same pad would encrypt
 * two vectors with one keystream.
 *
 * @param random the operating system's CSPRNG outside tests
 * @throws SecaggError `internal` when `random` returns another number of bytes than asked for
 */
export function drawSeeds(pieces: readonly SubsetMask[], random: RandomBytes): Map<SubsetMask, Uint8Array> {
  const drawn = random(SEED_BYTES * pieces.length);
  if (drawn.length !== SEED_BYTES * pieces.length)
    throw new SecaggError('internal', 'The random source returned a wrong number of bytes');
  const seeds = new Map(
    pieces.map((piece, i) => [piece, Uint8Array.from(drawn.subarray(SEED_BYTES * i, SEED_BYTES * (i + 1)))]),
  );
  drawn.fill(0);
  return seeds;
}

/**
 * What is sealed to member j: the seeds k_S of all S that j is not in, one after the other in increasing order of S.
 *
 * @param pieces all pieces of the committee, in increasing order
 * @returns 32·C(m-1, t-1) secret bytes, to be wiped by the caller
 * @throws SecaggError `invalid` when a seed is missing or not 32 bytes
 */
export function boxPlaintext(pieces: readonly SubsetMask[], member: MemberIndex, seeds: Seeds): Uint8Array {
  const held = piecesHeldBy(member, pieces);
  const plaintext = new Uint8Array(SEED_BYTES * held.length);
  held.forEach((piece, i) => {
    const seed = seeds.get(piece);
    if (seed?.length !== SEED_BYTES)
      throw new SecaggError('invalid', `There is no seed of ${SEED_BYTES} bytes for piece ${piece}`);
    plaintext.set(seed, SEED_BYTES * i);
  });
  return plaintext;
}

/**
 * Reads what {@link boxPlaintext} wrote, without checking commitments (see `openBoxPlaintext`).
 *
 * @returns copies of the seeds; the caller wipes them and the plaintext
 * @throws SecaggError `malformed` for a wrong length
 */
export function seedsFromPlaintext(
  pieces: readonly SubsetMask[],
  member: MemberIndex,
  plaintext: Uint8Array,
): Map<SubsetMask, Uint8Array> {
  const held = piecesHeldBy(member, pieces);
  if (plaintext.length !== SEED_BYTES * held.length) {
    throw new SecaggError(
      'malformed',
      `The seeds of ${held.length} pieces take ${SEED_BYTES * held.length} bytes, not ${plaintext.length}`,
    );
  }
  return new Map(held.map((piece, i) => [piece, plaintext.slice(SEED_BYTES * i, SEED_BYTES * (i + 1))]));
}
