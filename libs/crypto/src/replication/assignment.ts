import { type MemberIndex, SecaggError, type SubsetMask } from '@secagg/schema';

/**
 * Who answers for which piece: piece S belongs to the live member of the lowest index outside S. Everybody computes the
 * same assignment from the same live set, and any holder's answer is the same bytes, so a member that turns out silent
 * is replaced by assigning again without it.
 *
 * @param pieces to assign, any order
 * @param live bit mask of the members that answer
 * @throws SecaggError `committee_unavailable` when a piece has no live holder; `details.pieces` names all such pieces
 */
export function assignPieces(pieces: readonly SubsetMask[], live: SubsetMask): Map<SubsetMask, MemberIndex> {
  const orphans = pieces.filter((piece) => (live & ~piece) === 0);
  if (orphans.length > 0)
    throw new SecaggError('committee_unavailable', `${orphans.length} pieces have no live holder`, { pieces: orphans });
  return new Map(pieces.map((piece) => [piece, lowestMember(live & ~piece)]));
}

/** The bit mask of a set of members. */
export function maskOf(members: Iterable<MemberIndex>): SubsetMask {
  let mask = 0;
  for (const member of members) mask |= 1 << member;
  return mask as SubsetMask;
}

function lowestMember(mask: number): MemberIndex {
  return (31 - Math.clz32(mask & -mask)) as MemberIndex;
}
