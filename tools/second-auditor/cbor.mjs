// The deterministic CBOR subset of docs/protocol.md, "CBOR": a reader that decodes one item and refuses everything
// else, and a writer for flat maps.
import { check, fail } from './errors.mjs';

const MAX_DEPTH = 32;

export function decodeCbor(bytes, what) {
  const reader = { bytes, at: 0, what };
  const value = readItem(reader, 0);
  check(reader.at === bytes.length, 'malformed', `${what}: bytes after the item`);
  return value;
}

function take(reader, count) {
  const end = reader.at + count;
  check(end <= reader.bytes.length, 'malformed', `${reader.what}: ends early`);
  const part = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return part;
}

// The argument of an initial byte, in its shortest form only.
function readArgument(reader, info) {
  if (info < 24) return info;
  check(info <= 27, 'malformed', `${reader.what}: indefinite length or reserved form`);
  const size = 1 << (info - 24);
  const raw = take(reader, size);
  let value = 0n;
  for (const byte of raw) value = (value << 8n) | BigInt(byte);
  const least = info === 24 ? 24n : 1n << BigInt(4 * size);
  check(value >= least, 'not_canonical', `${reader.what}: a longer form of an integer or length`);
  check(value <= BigInt(Number.MAX_SAFE_INTEGER), 'malformed', `${reader.what}: integer out of range`);
  return Number(value);
}

function readItem(reader, depth) {
  const initial = take(reader, 1)[0];
  const major = initial >> 5;
  const info = initial & 31;
  if (major === 7) return readSimple(reader, info);
  check(major !== 6, 'malformed', `${reader.what}: tag`);
  const argument = readArgument(reader, info);
  switch (major) {
    case 0:
      return argument;
    case 1:
      check(argument < Number.MAX_SAFE_INTEGER, 'malformed', `${reader.what}: integer out of range`);
      return -1 - argument;
    case 2:
      return Buffer.from(take(reader, argument));
    case 3:
      return readText(reader, argument);
    default:
      check(depth < MAX_DEPTH, 'malformed', `${reader.what}: nested too deep`);
      return major === 4 ? readArray(reader, argument, depth + 1) : readMap(reader, argument, depth + 1);
  }
}

function readSimple(reader, info) {
  if (info === 20) return false;
  if (info === 21) return true;
  if (info === 22) return null;
  return fail('malformed', `${reader.what}: floating point or another simple value`);
}

function readText(reader, length) {
  const raw = Buffer.from(take(reader, length));
  const text = raw.toString('utf8');
  check(Buffer.from(text).equals(raw), 'malformed', `${reader.what}: text is not UTF-8`);
  return text;
}

function readArray(reader, length, depth) {
  const items = [];
  for (let i = 0; i < length; i++) items.push(readItem(reader, depth));
  return items;
}

function readMap(reader, length, depth) {
  const map = {};
  let previous;
  for (let i = 0; i < length; i++) {
    const start = reader.at;
    check(
      start < reader.bytes.length && reader.bytes[start] >> 5 === 3,
      'malformed',
      `${reader.what}: a key that is not text`,
    );
    const key = readItem(reader, depth);
    const encoded = reader.bytes.subarray(start, reader.at);
    if (previous !== undefined) {
      const order = Buffer.compare(previous, encoded);
      check(order !== 0, 'malformed', `${reader.what}: key ${key} twice`);
      check(order < 0, 'not_canonical', `${reader.what}: keys out of order`);
    }
    check(key !== '__proto__', 'malformed', `${reader.what}: key __proto__`);
    previous = encoded;
    map[key] = readItem(reader, depth);
  }
  return map;
}

function head(major, argument) {
  if (argument < 24) return Buffer.of((major << 5) | argument);
  const bytes = argument < 2 ** 8 ? 1 : argument < 2 ** 16 ? 2 : argument < 2 ** 32 ? 4 : 8;
  const raw = Buffer.alloc(8);
  raw.writeBigUInt64BE(BigInt(argument));
  return Buffer.concat([Buffer.of((major << 5) | (24 + Math.log2(bytes))), raw.subarray(8 - bytes)]);
}

function encodeValue(value) {
  if (typeof value === 'number') return head(0, value);
  const bytes = Buffer.from(value);
  return Buffer.concat([head(typeof value === 'string' ? 3 : 2, bytes.length), bytes]);
}

// A map whose values are texts, bytes and integers from 0.
export function encodeMap(map) {
  const entries = Object.entries(map).map(([name, value]) => [encodeValue(name), encodeValue(value)]);
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([head(5, entries.length), ...entries.flat()]);
}
