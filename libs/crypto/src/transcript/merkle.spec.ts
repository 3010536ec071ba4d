import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { merkleRoot, merkleTree, verifyInclusion } from './merkle';

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const sha256 = (...parts: Uint8Array[]) => new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());

// Reference data of the certificate-transparency implementations: leaves, the root over the first n of them, audit
// paths.
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  fromHex,
);
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const paths = [
  { index: 0, size: 1, path: [] },
  {
    index: 0,
    size: 8,
    path: [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  },
  {
    index: 5,
    size: 8,
    path: [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  },
  { index: 2, size: 3, path: ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'] },
  {
    index: 1,
    size: 5,
    path: [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  },
];

/** RFC 6962 section 2.1 word for word: the split at the largest power of two below n. */
function rootByDefinition(data: Uint8Array[]): Uint8Array {
  if (data.length === 0) return sha256();
  if (data.length === 1) return sha256(Uint8Array.of(0), data[0]);
  let k = 1;
  while (2 * k < data.length) k *= 2;
  return sha256(Uint8Array.of(1), rootByDefinition(data.slice(0, k)), rootByDefinition(data.slice(k)));
}

const someLeaves = (minimum: number) =>
  fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: minimum, maxLength: 40 });
const treeWithIndex = someLeaves(1).chain((data) =>
  fc.record({ data: fc.constant(data), index: fc.nat(data.length - 1) }),
);

describe('Merkle tree', () => {
  it.each(roots.map((root, size) => ({ root, size })))('has the published root over $size leaves', ({ root, size }) => {
    expect(toHex(merkleRoot(leaves.slice(0, size)))).toBe(root);
  });

  it.each(paths)('gives the published audit path of leaf $index of $size', ({ index, size, path }) => {
    const tree = merkleTree(leaves.slice(0, size));
    expect(tree.proof(index).map(toHex)).toEqual(path);
    expect(verifyInclusion(leaves[index] as Uint8Array, index, size, path.map(fromHex), tree.root)).toBe(true);
  });

  it('has the root of the recursive definition', () => {
    fc.assert(fc.property(someLeaves(0), (data) => expect(merkleRoot(data)).toEqual(rootByDefinition(data))));
  });

  it('proves every leaf of every small tree', () => {
    for (let size = 1; size <= 33; size++) {
      const data = Array.from({ length: size }, (_, i) => Uint8Array.of(i));
      const tree = merkleTree(data);
      for (let index = 0; index < size; index++) {
        expect(verifyInclusion(Uint8Array.of(index), index, size, tree.proof(index), tree.root)).toBe(true);
      }
    }
  });

  it('refuses another leaf, index, size, root or path', () => {
    fc.assert(
      fc.property(
        treeWithIndex,
        fc.nat(),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        ({ data, index }, at, other) => {
          const { root, size, proof } = merkleTree(data);
          const leaf = data[index] as Uint8Array;
          const path = proof(index);
          expect(verifyInclusion(Uint8Array.of(...leaf, 1), index, size, path, root)).toBe(false);
          expect(verifyInclusion(leaf, index, size, path, other)).toBe(false);
          expect(verifyInclusion(leaf, index, size, path, root.subarray(0, 31))).toBe(false);
          expect(verifyInclusion(leaf, index, size, [...path, other], root)).toBe(false);
          expect(verifyInclusion(leaf, index, size, [other, ...path], root)).toBe(false);
          for (const wrongIndex of [-1, 0.5, size, Number.NaN])
            expect(verifyInclusion(leaf, wrongIndex, size, path, root)).toBe(false);
          if (path.length > 0) {
            const bent = path.map((hash) => Uint8Array.from(hash));
            (bent[at % path.length] as Uint8Array)[at % 32] ^= 4;
            expect(verifyInclusion(leaf, index, size, bent, root)).toBe(false);
            expect(verifyInclusion(leaf, index, size, path.slice(1), root)).toBe(false);
            expect(verifyInclusion(leaf, index, size, path.slice(0, -1), root)).toBe(false);
          }
        },
      ),
    );
  });

  it('does not take an inner node for a leaf', () => {
    const [a, b, c, d] = leaves as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const tree = merkleTree([a, b, c, d]);
    const inner = Buffer.concat([rootByDefinition([a]), rootByDefinition([b])]);
    expect(verifyInclusion(inner, 0, 2, [rootByDefinition([c, d])], tree.root)).toBe(false);
  });

  it('hands out copies: a caller cannot change the tree', () => {
    const tree = merkleTree(leaves);
    tree.proof(3).forEach((hash) => hash.fill(0));
    expect(verifyInclusion(leaves[3] as Uint8Array, 3, 8, tree.proof(3), tree.root)).toBe(true);
  });

  it.each([-1, 8, 1.5])('has no proof for index %p of eight', (index) => {
    expect(() => merkleTree(leaves).proof(index)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});
