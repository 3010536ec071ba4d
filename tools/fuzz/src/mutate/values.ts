/** Changes to decoded values: what a peer that encodes correctly, but says nonsense, would send. */
import { type UnsafeDraw } from '@secagg/testbed/random';

export type Tree = null | boolean | number | string | Uint8Array | Tree[] | { [key: string]: Tree };

const INTEGERS = [
  0,
  1,
  -1,
  2,
  7,
  23,
  24,
  29,
  30,
  31,
  32,
  255,
  256,
  1023,
  1024,
  65535,
  65536,
  999_999,
  1_000_000,
  2 ** 30,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 47,
  2 ** 48,
  Number.MAX_SAFE_INTEGER,
  -Number.MAX_SAFE_INTEGER,
];
const TEXTS = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'length',
  '\u0000',
  'é',
  '\u{1f600}',
  '../..',
  'a:b',
  ':',
  'router-0',
  'ready',
  'abort',
  'x'.repeat(300),
];

const isMap = (value: Tree): value is { [key: string]: Tree } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

const MAX_PLACES = 4000;

/** A place in a tree: what is there, and how to put something else there. */
interface Place {
  readonly value: Tree;
  readonly set: (value: Tree) => void;
  /** Takes it out of its map or array. */
  readonly remove: () => void;
}

function placesOf(root: Tree, set: (value: Tree) => void): Place[] {
  const places: Place[] = [{ value: root, set, remove: () => set(null) }];
  for (let i = 0; i < places.length && places.length < MAX_PLACES; i++) {
    const { value } = places[i];
    if (Array.isArray(value))
      value.forEach((item, at) =>
        places.push({
          value: item,
          set: (changed) => {
            value[at] = changed;
          },
          remove: () => {
            value.splice(at, 1);
          },
        }),
      );
    else if (isMap(value))
      for (const key of Object.keys(value))
        places.push({
          value: value[key],
          set: (changed) => put(value, key, changed),
          remove: () => {
            delete value[key];
          },
        });
  }
  return places;
}

/** Also a key that assigning would take for a prototype. */
const put = (map: { [key: string]: Tree }, key: string, value: Tree): void => {
  Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
};

const leaf = (draw: UnsafeDraw): Tree =>
  draw.pick<() => Tree>([
    () => draw.pick(INTEGERS),
    () => draw.pick(TEXTS),
    () => draw.bytes(draw.pick([0, 1, 31, 32, 33, 64, 300])),
    () => null,
    () => draw.chance(0.5),
    () => [],
    () => ({}),
  ])();

function nested(draw: UnsafeDraw): Tree {
  let value = leaf(draw);
  for (let depth = draw.pick([3, 30, 31, 32, 33, 200]); depth > 0; depth--)
    value = draw.chance(0.5) ? [value] : { k: value };
  return value;
}

/** Of the same kind as what it replaces: such values get past the first checks. */
function similar(value: Tree, draw: UnsafeDraw): Tree {
  if (typeof value === 'number')
    return draw.chance(0.4) ? value + draw.pick([-1, 1, 2, -value * 2]) : draw.pick(INTEGERS);
  if (typeof value === 'string')
    return draw.chance(0.5) ? draw.pick(TEXTS) : value.slice(0, -1) + draw.pick(['', 'a', '0', 'f', '~']);
  if (typeof value === 'boolean') return !value;
  if (value instanceof Uint8Array) {
    const copy = value.slice();
    if (copy.length > 0 && draw.chance(0.7)) copy[draw.below(copy.length)] ^= 1 << draw.below(8);
    else if (draw.chance(0.5))
      return draw.pick([
        copy.subarray(1),
        Uint8Array.from([...copy.subarray(0, 4096), 0]),
        new Uint8Array(copy.length),
        new Uint8Array(copy.length).fill(255),
        draw.bytes(Math.min(copy.length, 4096)),
      ]);
    return copy;
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return [leaf(draw)];
    const at = draw.below(value.length);
    return draw.pick<() => Tree>([
      () => [...value, value[at]],
      () => [...value].reverse(),
      () => value.filter((_, i) => i !== at),
      () => [],
      // Repeated what was repeated before, it would outgrow all memory.
      () =>
        Array.from(
          {
            length: Math.min(
              draw.pick([2, 33, 300, 1100]),
              Math.ceil(MAX_PLACES / placesOf(value[at], () => undefined).length),
            ),
          },
          () => value[at],
        ),
      () => [value[at], ...value.filter((_, i) => i !== at)],
    ])();
  }
  return leaf(draw);
}

const changes: readonly ((places: Place[], draw: UnsafeDraw, others: readonly Tree[]) => void)[] = [
  // Several times, since it is what most often gets somewhere.
  ...Array.from({ length: 5 }, () => (places: Place[], draw: UnsafeDraw) => {
    const place = draw.pick(places);
    place.set(similar(place.value, draw));
  }),
  (places, draw) => draw.pick(places).set(leaf(draw)),
  (places, draw) => draw.pick(places).set(nested(draw)),
  (places, draw) => draw.pick(places).remove(),
  (places, draw) => {
    const [a, b] = [draw.pick(places), draw.pick(places)];
    const copy = structuredClone(b.value);
    b.set(structuredClone(a.value));
    a.set(copy);
  },
  (places, draw) => {
    const maps = places.map(({ value }) => value).filter(isMap);
    if (maps.length > 0) put(draw.pick(maps), draw.pick([...TEXTS, ...Object.keys(draw.pick(maps))]), leaf(draw));
  },
  (places, draw, others) => {
    if (others.length > 0)
      draw.pick(places).set(structuredClone(draw.pick(placesOf(draw.pick(others), () => undefined)).value));
  },
];

/** A changed copy. @param others values to take parts from */
export function mutateValue(value: Tree, draw: UnsafeDraw, others: readonly Tree[] = []): Tree {
  let root = structuredClone(value);
  for (let left = draw.chance(0.8) ? 1 : 2 + draw.below(3); left > 0; left--)
    draw.pick(changes)(
      placesOf(root, (changed) => {
        root = changed;
      }),
      draw,
      others,
    );
  return root;
}
