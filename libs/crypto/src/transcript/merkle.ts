import { hash } from 'node:crypto';
import { SecaggError } from '@secagg/schema';

/**
 * Merkle tree over an ordered list of byte strings, as certificate transparency defines it (RFC 6962 section 2.1):
 *
 *     leaf(d)    = SHA-256(0x00 || d)
 *     node(l, r) = SHA-256(0x01 || l || r)
 *     root()     = SHA-256("")
 *     root(D[n]) = node(root(D[0:k]), root(D[k:n])), k the largest power of two below n
 *
 * The two prefixes keep a node from being passed off as a leaf. Here it binds the set of a round (one leaf per
 * contribution header), so that a router can check that its receipt was honoured without fetching every header.
 */
export interface MerkleTree {
  /** Number of leaves. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /**
   * Audit path of a leaf (RFC 6962 section 2.1.1): the siblings from the leaf upwards, 32 bytes each, at most
   * ceil(log2(size)).
   *
   * @param index of the leaf, 0 to size - 1
   * @throws SecaggError `invalid` outside that range
   */
  proof(index: number): Uint8Array[];
}

const HASH_BYTES = 32;
/** Root of the tree without leaves. */
export const emptyRoot = hash('sha256', '', 'buffer');

/** Hashes all leaves once: O(n) digests, after which each proof is a look-up. */
export function merkleTree(leaves: readonly Uint8Array[]): MerkleTree {
  // The recursive definition splits at a power of two, which is the same tree as pairing neighbours level by level
  // and passing an odd last node up unchanged.
  const levels = [leaves.map(leafHash)];
  for (let level = levels[0]; level.length > 1; ) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i];
      const right = level[i + 1];
      above.push(right === undefined ? left : nodeHash(left, right));
    }
    levels.push(above);
    level = above;
  }
  const top = (levels.at(-1) as Uint8Array[])[0];
  const size = leaves.length;
  return {
    size,
    root: Uint8Array.from(top ?? emptyRoot),
    proof: (index) => {
      checkIndex(index, size);
      return auditPath(levels, index);
    },
  };
}

/** Root of the tree over `leaves`; see {@link MerkleTree}. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  return merkleTree(leaves).root;
}

/**
 * Whether `leaf` is leaf number `index` of the tree of `size` leaves with this root (RFC 9162 section 2.1.3.2).
 * Never throws: every malformed claim, a path too short or too long included, is simply false.
 */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  let position = index;
  let last = size - 1;
  let node = leafHash(leaf);
  for (const sibling of path) {
    if (sibling.length !== HASH_BYTES || last === 0) return false;
    if (position % 2 === 1 || position === last) {
      node = nodeHash(sibling, node);
      // The last node of a level of odd length had no neighbour: it moved up unchanged to where it has a left one.
      while (position % 2 === 0 && position > 0) {
        position /= 2;
        last /= 2;
      }
    } else {
      node = nodeHash(node, sibling);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && Buffer.compare(node, root) === 0;
}

function auditPath(levels: readonly Uint8Array[][], index: number): Uint8Array[] {
  const path: Uint8Array[] = [];
  let position = index;
  for (const level of levels) {
    const sibling = level[position % 2 === 0 ? position + 1 : position - 1];
    if (sibling !== undefined) path.push(Uint8Array.from(sibling));
    position = Math.floor(position / 2);
  }
  return path;
}

function checkIndex(index: number, size: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= size)
    throw new SecaggError('invalid', `There is no leaf ${index} among ${size}`);
}

function leafHash(data: Uint8Array): Uint8Array {
  const message = new Uint8Array(1 + data.length);
  message.set(data, 1);
  return hash('sha256', message, 'buffer');
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const message = new Uint8Array(1 + 2 * HASH_BYTES);
  message[0] = 1;
  message.set(left, 1);
  message.set(right, 1 + HASH_BYTES);
  return hash('sha256', message, 'buffer');
}
