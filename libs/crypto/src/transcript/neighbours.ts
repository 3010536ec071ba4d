/** Absence from an ordered list, shown by the two neighbours between which something would be. */
import { emptyRoot, verifyInclusion } from './merkle';

/** A leaf of a {@link merkleTree} with its place and audit path. */
export interface ProvenLeaf {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly path: readonly Uint8Array[];
}

/**
 * Whether these leaves stand side by side in the tree of `size` leaves with this root: `before` directly in front of
 * `after`; without `before`, `after` is the first leaf; without `after`, `before` is the last; without both, the tree
 * is empty. `size` must be known from elsewhere: paths do not always tell lengths apart. Whether something that is not
 * there belongs between them is for the caller to say, who knows the order of the list. Never throws: every malformed
 * claim is simply false.
 */
export function verifyNeighbours(
  before: ProvenLeaf | undefined,
  after: ProvenLeaf | undefined,
  size: number,
  root: Uint8Array,
): boolean {
  if (!before && !after) return size === 0 && Buffer.compare(root, emptyRoot) === 0;
  const gap = before ? before.index + 1 : 0;
  if (gap !== (after ? after.index : size)) return false;
  return [before, after].every((found) => !found || verifyInclusion(found.leaf, found.index, size, found.path, root));
}
