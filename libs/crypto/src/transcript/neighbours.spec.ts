import * as fc from 'fast-check';
import { merkleTree } from './merkle';
import { type ProvenLeaf, verifyNeighbours } from './neighbours';

const listOf = (size: number) => Array.from({ length: size }, (_, i) => Uint8Array.of(i, 255 - i));
const proven = (tree: ReturnType<typeof merkleTree>, leaves: Uint8Array[], index: number): ProvenLeaf | undefined =>
  index < 0 || index >= leaves.length ? undefined : { leaf: leaves[index], index, path: tree.proof(index) };

/** Every gap of every tree of 0 to 40 leaves: in front of the first leaf, between two, after the last. */
const gaps = Array.from({ length: 41 }, (_, size) => size).flatMap((size) => {
  const leaves = listOf(size);
  const tree = merkleTree(leaves);
  return Array.from({ length: size + 1 }, (_, gap) => ({
    size,
    gap,
    tree,
    leaves,
    before: proven(tree, leaves, gap - 1),
    after: proven(tree, leaves, gap),
  }));
});

describe('neighbours in a tree', () => {
  it('are shown for every gap of every list up to forty', () => {
    for (const { size, before, after, tree } of gaps)
      expect(verifyNeighbours(before, after, size, tree.root)).toBe(true);
  });

  it('are refused with another length, another root, or one of the two left away', () => {
    for (const { size, before, after, tree } of gaps) {
      const other = merkleTree(listOf(size + 1)).root;
      expect(verifyNeighbours(before, after, size, other)).toBe(false);
      // Which leaf is the last one depends on the length, which the caller must know from elsewhere: a path does not
      // say it.
      if (!after)
        for (const wrong of [size - 1, size + 1]) expect(verifyNeighbours(before, after, wrong, tree.root)).toBe(false);
      if (before) expect(verifyNeighbours(undefined, after, size, tree.root)).toBe(false);
      if (after) expect(verifyNeighbours(before, undefined, size, tree.root)).toBe(false);
    }
  });

  it('are refused when they do not stand side by side', () => {
    for (const { size, gap, before, leaves, tree } of gaps) {
      if (!before) continue;
      for (let index = 0; index < size; index++) {
        if (index !== gap) expect(verifyNeighbours(before, proven(tree, leaves, index), size, tree.root)).toBe(false);
      }
    }
  });

  it('are refused with any bit of leaf or path turned, a hash more or less, or another place', () => {
    const some = fc.constantFrom(...gaps.filter(({ size }) => size > 0));
    fc.assert(
      fc.property(some, fc.boolean(), fc.nat(), fc.nat(7), ({ size, before, after, tree }, first, at, bit) => {
        const which = before && (first || !after) ? 'before' : 'after';
        const genuine = (which === 'before' ? before : after) as ProvenLeaf;
        const check = (changed: ProvenLeaf) =>
          verifyNeighbours(which === 'before' ? changed : before, which === 'after' ? changed : after, size, tree.root);
        const turned = (bytes: Uint8Array) =>
          bytes.map((byte, i) => (i === at % bytes.length ? byte ^ (1 << bit) : byte));
        expect(check({ ...genuine, leaf: turned(genuine.leaf) })).toBe(false);
        genuine.path.forEach((_, level) => {
          expect(check({ ...genuine, path: genuine.path.map((hash, i) => (i === level ? turned(hash) : hash)) })).toBe(
            false,
          );
          expect(check({ ...genuine, path: genuine.path.filter((_hash, i) => i !== level) })).toBe(false);
        });
        expect(check({ ...genuine, path: [...genuine.path, new Uint8Array(32).fill(at)] })).toBe(false);
        expect(check({ ...genuine, path: [...genuine.path, new Uint8Array(31)] })).toBe(false);
        for (const index of [genuine.index + 1, genuine.index - 1, -1, 0.5, Number.NaN, size]) {
          if (index !== genuine.index) expect(check({ ...genuine, index })).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});
