import { type MemberIndex, SecaggError, type SubsetMask } from '@secagg/schema';

/**
 * Replicated secret sharing (Cramer, Damgård and Ishai 2005, section 2; as in Ito, Saito and Nishizeki 1987): a secret
 * is cut into one piece for every subset S of t-1 members, and every member *outside* S holds it. So t-1 members
 * together miss exactly the piece of their own subset, and any t members hold all of them.
 */

/** Most members a committee can have: subset masks stay positive 32-bit integers. */
export const MAX_MEMBERS = 30;
/** Most pieces a committee may need: 256 seeds of 32 bytes are 8 KB in every box. */
export const MAX_PIECES = 256;

/**
 * Checks the shape of a committee.
 *
 * @param m members, 1 to 30
 * @param t threshold, 1 to (m+1)/2: below 2t-1 members a piece would have fewer than t holders
 * @throws SecaggError `invalid` outside these ranges or when C(m, t-1) > 256
 */
export function checkCommittee(m: number, t: number): void {
  if (!Number.isInteger(m) || m < 1 || m > MAX_MEMBERS)
    throw new SecaggError('invalid', `A committee has 1 to ${MAX_MEMBERS} members, not ${m}`);
  if (!Number.isInteger(t) || t < 1 || m < 2 * t - 1)
    throw new SecaggError('invalid', `A committee of ${m} cannot have the threshold ${t}`);
  if (pieceCount(m, t) > MAX_PIECES)
    throw new SecaggError('invalid', `A ${t}-of-${m} committee needs more than ${MAX_PIECES} pieces`);
}

/**
 * All pieces of a committee: the subsets S of t-1 members as bit masks (bit j is member j), in increasing numeric
 * order. With t = 1 there is one piece, the empty subset 0. The order is part of the protocol: commitments and boxes
 * follow it.
 *
 * @returns C(m, t-1) masks
 * @throws SecaggError `invalid` as {@link checkCommittee}
 */
export function pieces(m: number, t: number): SubsetMask[] {
  checkCommittee(m, t);
  const count = pieceCount(m, t);
  const masks = [(2 ** (t - 1) - 1) as SubsetMask];
  while (masks.length < count) masks.push(nextSubset(masks.at(-1) as number) as SubsetMask);
  return masks;
}

/** Whether member j holds piece S: exactly when j is not in S. */
export function holds(member: MemberIndex, piece: SubsetMask): boolean {
  return ((piece >>> member) & 1) === 0;
}

/** The pieces that member j holds, in the order given. */
export function piecesHeldBy(member: MemberIndex, all: readonly SubsetMask[]): SubsetMask[] {
  return all.filter((piece) => holds(member, piece));
}

/** C(m, t-1), exact for all m in question. */
function pieceCount(m: number, t: number): number {
  let count = 1;
  for (let i = 1; i < t; i++) count = (count * (m - t + 1 + i)) / i;
  return count;
}

// The next larger integer with the same number of one bits (Gosper, HAKMEM item 175).
function nextSubset(mask: number): number {
  const lowest = mask & -mask;
  const ripple = mask + lowest;
  return ripple | (((mask ^ ripple) >>> 2) / lowest);
}
