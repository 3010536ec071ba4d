import { decodeCanonical, encodeCanonical, type SecaggError } from '@secagg/schema';
import { UnsafeDraw } from '@secagg/testbed/random';
import fc from 'fast-check';
import { encodeTree, someFaults } from './encode';
import { type Tree } from './values';

const leaf = fc.oneof(
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array(),
);
const tree: fc.Arbitrary<Tree> = fc.letrec<{ node: Tree }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('node')),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('node'),
      { noNullPrototype: true },
    ),
  ),
})).node;

it('writes without faults what the canonical encoder writes', () => {
  fc.assert(
    fc.property(tree, (value) => expect(encodeTree(value, new UnsafeDraw('x'))).toEqual(encodeCanonical(value))),
  );
});

it('writes with faults what is the canonical encoding or refused', () => {
  fc.assert(
    fc.property(tree, fc.string(), (value, seed) => {
      const bytes = encodeTree(value, new UnsafeDraw(seed), { ...someFaults, widerHead: 0.5 });
      try {
        expect(encodeCanonical(decodeCanonical(bytes))).toEqual(bytes);
      } catch (error) {
        expect((error as SecaggError).code).toMatch(/^(malformed|not_canonical)$/);
      }
    }),
  );
});
