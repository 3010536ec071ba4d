/**
 * Writes CBOR as the canonical encoder never would, where asked to: keys twice or out of order, numbers in more bytes
 * than they need.
 */
import { type UnsafeDraw } from '@secagg/testbed/random';
import { type Tree } from './values';

/** Chances of a fault at each place where it can be. */
export interface Faults {
  readonly widerHead: number;
  readonly mapOrder: number;
  readonly keyTwice: number;
  readonly asFloat: number;
}

export const noFaults: Faults = { widerHead: 0, mapOrder: 0, keyTwice: 0, asFloat: 0 };
export const someFaults: Faults = { widerHead: 0.02, mapOrder: 0.05, keyTwice: 0.02, asFloat: 0.01 };

export function encodeTree(value: Tree, draw: UnsafeDraw, faults: Faults = noFaults): Uint8Array {
  const parts: Uint8Array[] = [];
  const write = (...bytes: number[]) => parts.push(Uint8Array.from(bytes));
  const head = (major: number, argument: number) => {
    const natural = argument < 24 ? 0 : argument < 2 ** 8 ? 1 : argument < 2 ** 16 ? 2 : argument < 2 ** 32 ? 4 : 8;
    const size =
      faults.widerHead > 0 && draw.chance(faults.widerHead)
        ? draw.pick([1, 2, 4, 8].filter((wide) => wide >= natural))
        : natural;
    if (size === 0) write((major << 5) | argument);
    else {
      const bytes = Buffer.alloc(9);
      bytes[0] = (major << 5) | (24 + Math.log2(size));
      bytes.writeBigUInt64BE(BigInt(argument) << BigInt(64 - 8 * size), 1);
      parts.push(new Uint8Array(bytes.subarray(0, 1 + size)));
    }
  };
  const float = (number: number) => {
    const bytes = Buffer.alloc(9, 0xfb);
    bytes.writeDoubleBE(number, 1);
    parts.push(new Uint8Array(bytes));
  };
  const text = (string: string) => {
    const bytes = Buffer.from(string);
    head(3, bytes.length);
    parts.push(bytes);
  };
  const map = (entries: [string, Tree][]) => {
    const keyed = entries.map(([key, item]) => ({ key, item, bytes: Buffer.from(key) }));
    keyed.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
    if (faults.mapOrder > 0 && draw.chance(faults.mapOrder)) keyed.reverse();
    if (faults.keyTwice > 0 && keyed.length > 0 && draw.chance(faults.keyTwice))
      keyed.push(keyed[draw.below(keyed.length)]);
    head(5, keyed.length);
    for (const { key, item } of keyed) {
      text(key);
      item_(item);
    }
  };
  const item_ = (item: Tree): void => {
    if (item === null) write(0xf6);
    else if (typeof item === 'boolean') write(item ? 0xf5 : 0xf4);
    else if (typeof item === 'number') {
      if (!Number.isSafeInteger(item) || (faults.asFloat > 0 && draw.chance(faults.asFloat))) float(item);
      else if (item < 0) head(1, -1 - item);
      else head(0, item);
    } else if (typeof item === 'string') text(item);
    else if (item instanceof Uint8Array) {
      head(2, item.length);
      parts.push(item);
    } else if (Array.isArray(item)) {
      head(4, item.length);
      item.forEach(item_);
    } else map(Object.entries(item));
  };
  item_(value);
  return new Uint8Array(Buffer.concat(parts));
}
