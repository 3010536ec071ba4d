/** Changes to encoded bytes that know nothing of their structure. */
import { type UnsafeDraw } from '@secagg/testbed/random';

type Bytes = Uint8Array;

/** Heads that CBOR parsers have gone wrong on: reserved, indefinite, huge lengths, tags, floats, deep nesting. */
const HEADS = [
  0x18, 0x1b, 0x1c, 0x1f, 0x3b, 0x5b, 0x5f, 0x7b, 0x7f, 0x80, 0x81, 0x9b, 0x9f, 0xa0, 0xa1, 0xbb, 0xbf, 0xc0, 0xdb,
  0xf4, 0xf6, 0xf7, 0xf9, 0xfb, 0xff, 0x00,
];

const concat = (...parts: readonly Bytes[]): Bytes => {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
};

type Change = (bytes: Bytes, draw: UnsafeDraw, others: readonly Bytes[]) => Bytes;

const changes: readonly Change[] = [
  function flipBits(bytes, draw) {
    const copy = bytes.slice();
    for (let left = 1 + draw.below(4); left > 0 && copy.length > 0; left--)
      copy[draw.below(copy.length)] ^= 1 << draw.below(8);
    return copy;
  },
  function setHead(bytes, draw) {
    const copy = bytes.slice();
    if (copy.length > 0) copy[draw.chance(0.3) ? 0 : draw.below(copy.length)] = draw.pick(HEADS);
    return copy;
  },
  function truncate(bytes, draw) {
    return bytes.slice(0, draw.below(bytes.length));
  },
  function extend(bytes, draw) {
    return concat(bytes, draw.bytes(1 + draw.below(16)));
  },
  function removeRange(bytes, draw) {
    const start = draw.below(bytes.length);
    return concat(bytes.subarray(0, start), bytes.subarray(start + 1 + draw.below(16)));
  },
  function insert(bytes, draw) {
    const at = draw.below(bytes.length + 1);
    return concat(bytes.subarray(0, at), draw.bytes(1 + draw.below(9)), bytes.subarray(at));
  },
  function duplicateRange(bytes, draw) {
    const start = draw.below(bytes.length);
    const end = start + 1 + draw.below(64);
    return concat(bytes.subarray(0, end), bytes.subarray(start));
  },
  function splice(bytes, draw, others) {
    const other = others.length > 0 ? draw.pick(others) : bytes;
    return concat(bytes.subarray(0, draw.below(bytes.length)), other.subarray(draw.below(other.length)));
  },
  function nest(bytes, draw) {
    const depth = 1 + draw.below(draw.chance(0.1) ? 20_000 : 64);
    return concat(new Uint8Array(depth).fill(draw.pick([0x81, 0x9f, 0x5f, 0xc1])), bytes);
  },
  function hugeLength(bytes, draw) {
    const at = draw.below(bytes.length);
    const head = draw.pick([0x5b, 0x7b, 0x9b, 0xbb, 0x5a, 0x7a, 0x9a, 0xba]);
    const length =
      head & 1
        ? draw.pick([
            [0, 31, 255, 255, 255, 255, 255, 255],
            [0, 0, 0, 0, 127, 255, 255, 255],
            [255, 255, 255, 255, 255, 255, 255, 255],
          ])
        : [255, 255, 255, 254];
    return concat(bytes.subarray(0, at), Uint8Array.from([head, ...length]), bytes.subarray(at));
  },
  function noise(_bytes, draw) {
    return draw.bytes(draw.below(64));
  },
];

/** @param others bytes to splice with */
export function mutateBytes(bytes: Bytes, draw: UnsafeDraw, others: readonly Bytes[]): Bytes {
  return draw.pick(changes)(bytes, draw, others);
}
