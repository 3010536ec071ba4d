/**
 * The mutations of an encoded message put together: as bytes, as a value, or as bytes inside of it that are messages
 * themselves.
 */
import { decodeCanonical } from '@secagg/schema';
import { type UnsafeDraw } from '@secagg/testbed/random';
import { mutateBytes } from './bytes';
import { encodeTree, noFaults, someFaults } from './encode';
import { mutateValue, type Tree } from './values';

type Bytes = Uint8Array;

const trees = new WeakMap<Bytes, Tree | undefined>();

/** The value of encoded bytes; undefined when they are none. Remembered for the seeds, which come again and again. */
export function treeOf(bytes: Bytes): Tree | undefined {
  if (!trees.has(bytes)) trees.set(bytes, decoded(bytes));
  return trees.get(bytes);
}

function decoded(bytes: Bytes): Tree | undefined {
  try {
    return decodeCanonical(bytes) as Tree;
  } catch {
    return undefined;
  }
}

/**
 * @param others encoded messages to take parts from
 * @param crude share of the mutations that look at bytes only, which hardly ever get past a decoder
 */
export function mutateMessage(bytes: Bytes, draw: UnsafeDraw, others: readonly Bytes[] = [], crude = 0.3): Bytes {
  if (draw.chance(crude)) return mutateBytes(bytes, draw, others);
  const tree = treeOf(bytes);
  if (tree === undefined) return mutateBytes(bytes, draw, others);
  if (draw.chance(0.3)) {
    const inner = mutateInside(tree, draw, others, crude);
    if (inner !== undefined) return encodeTree(inner, draw, noFaults);
  }
  if (draw.chance(0.1)) return encodeTree(tree, draw, someFaults);
  const taken = others.length > 0 && draw.chance(0.3) ? treeOf(draw.pick(others)) : undefined;
  return encodeTree(
    mutateValue(tree, draw, taken === undefined ? [] : [taken]),
    draw,
    draw.chance(0.1) ? someFaults : noFaults,
  );
}

/**
 * A copy with one byte string replaced by a mutation of the message that it encodes; undefined when no byte string
 * does.
 */
function mutateInside(tree: Tree, draw: UnsafeDraw, others: readonly Bytes[], crude: number): Tree | undefined {
  const root = structuredClone(tree);
  const found: { holder: Record<string, Tree>; key: string; bytes: Bytes }[] = [];
  const walk = (value: Tree): void => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
    const holder = value as Record<string, Tree>;
    for (const [key, item] of Object.entries(holder)) {
      if (item instanceof Uint8Array) {
        // A map or an array: what happens to be a small number is a digest or a key.
        if (item.length > 2 && (item[0] >> 5 === 5 || item[0] >> 5 === 4) && decoded(item) !== undefined)
          found.push({ holder, key, bytes: item });
      } else walk(item);
    }
  };
  walk(root);
  if (found.length === 0) return undefined;
  const { holder, key, bytes } = draw.pick(found);
  holder[key] = mutateMessage(bytes, draw, others, crude);
  return root;
}
