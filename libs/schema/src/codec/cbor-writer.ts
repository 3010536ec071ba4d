/**
 * Writes deterministic CBOR (see canonical-cbor.ts). Every value has one encoding: shortest heads, map keys in bytewise
 * order.
 */
import { SecaggError } from '../problems';

const MAJOR = { unsigned: 0x00, negative: 0x20, bytes: 0x40, text: 0x60, array: 0x80, map: 0xa0 } as const;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const MAX_HEAD_BYTES = 9;

const loneSurrogate = /\p{Surrogate}/u;
const nonAscii = /[^\0-\x7f]/;

// Shared by all calls and zeroed after each: most messages fit, and some hold secrets.
const shared = new Uint8Array(64 * 1024);
/** Byte strings from here on are copied once, straight into the result. */
const LONG_BYTES = 2048;

export class CborWriter {
  /** What comes before the bytes in the shared buffer: filled buffers and long byte strings. */
  private readonly parts: Uint8Array[] = [];
  private readonly flushed: Uint8Array[] = [];
  private partsLength = 0;
  private end = 0;

  /** The encoding of one value. Throws `invalid` for what the encoding does not have. */
  encode(value: unknown): Uint8Array {
    try {
      this.write(value);
      if (this.parts.length === 0) return shared.slice(0, this.end);
      const result = new Uint8Array(this.partsLength + this.end);
      let at = 0;
      for (const part of this.parts) {
        result.set(part, at);
        at += part.length;
      }
      result.set(shared.subarray(0, this.end), at);
      return result;
    } finally {
      shared.fill(0, 0, this.end);
      for (const part of this.flushed) part.fill(0);
    }
  }

  private write(value: unknown): void {
    if (typeof value === 'number') this.writeInteger(value);
    else if (typeof value === 'string') this.writeText(value);
    else if (value instanceof Uint8Array) this.writeBytes(value);
    else if (Array.isArray(value)) this.writeArray(value);
    else if (value === null) this.writeByte(NULL);
    else if (typeof value === 'boolean') this.writeByte(value ? TRUE : FALSE);
    else if (typeof value === 'object') this.writeMap(value as Record<string, unknown>);
    else throw new SecaggError('invalid', `a ${typeof value} cannot be encoded`);
  }

  private writeInteger(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0))
      throw new SecaggError('invalid', 'only safe integers can be encoded');
    if (value >= 0) this.writeHead(MAJOR.unsigned, value);
    else this.writeHead(MAJOR.negative, -1 - value);
  }

  private writeText(text: string): void {
    if (nonAscii.test(text)) {
      if (loneSurrogate.test(text)) throw new SecaggError('invalid', 'only well-formed Unicode can be encoded');
      const bytes = Buffer.from(text);
      this.writeHead(MAJOR.text, bytes.length);
      this.append(bytes);
      return;
    }
    this.writeHead(MAJOR.text, text.length);
    if (text.length >= LONG_BYTES) {
      this.append(Buffer.from(text, 'latin1'));
      return;
    }
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) shared[this.end + i] = text.charCodeAt(i);
    this.end += text.length;
  }

  private writeBytes(bytes: Uint8Array): void {
    this.writeHead(MAJOR.bytes, bytes.length);
    this.append(bytes);
  }

  private writeArray(items: readonly unknown[]): void {
    this.writeHead(MAJOR.array, items.length);
    for (const item of items) this.write(item);
  }

  private writeMap(map: Record<string, unknown>): void {
    const keys = Object.keys(map).filter((key) => map[key] !== undefined);
    sortByEncoding(keys);
    this.writeHead(MAJOR.map, keys.length);
    for (const key of keys) {
      if (key === '__proto__') throw new SecaggError('invalid', 'a map cannot have the key __proto__');
      this.writeText(key);
      this.write(map[key]);
    }
  }

  /** Major type and argument in the shortest form (RFC 8949 section 3). */
  private writeHead(major: number, argument: number): void {
    this.reserve(MAX_HEAD_BYTES);
    if (argument < 24) {
      shared[this.end++] = major | argument;
    } else if (argument < 0x100) {
      shared[this.end++] = major | 24;
      shared[this.end++] = argument;
    } else if (argument < 0x10000) {
      shared[this.end++] = major | 25;
      this.writeUnsigned(argument, 2);
    } else if (argument < 0x100000000) {
      shared[this.end++] = major | 26;
      this.writeUnsigned(argument, 4);
    } else {
      shared[this.end++] = major | 27;
      this.writeUnsigned(Math.floor(argument / 2 ** 32), 4);
      this.writeUnsigned(argument % 2 ** 32, 4);
    }
  }

  /** Big-endian, in space already reserved. */
  private writeUnsigned(value: number, size: number): void {
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) shared[this.end++] = value >>> shift;
  }

  private writeByte(byte: number): void {
    this.reserve(1);
    shared[this.end++] = byte;
  }

  private append(bytes: Uint8Array): void {
    if (bytes.length >= LONG_BYTES) {
      this.flush();
      this.addPart(bytes);
      return;
    }
    this.reserve(bytes.length);
    shared.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** Room for at most {@link LONG_BYTES} bytes. */
  private reserve(length: number): void {
    if (this.end + length > shared.length) this.flush();
  }

  private flush(): void {
    if (this.end === 0) return;
    const part = shared.slice(0, this.end);
    this.flushed.push(part);
    this.addPart(part);
    this.end = 0;
  }

  private addPart(part: Uint8Array): void {
    this.parts.push(part);
    this.partsLength += part.length;
  }
}

/**
 * In place, into the order of the encoded keys: a head grows with the length, so that is by length in bytes, then by
 * bytes.
 */
function sortByEncoding(keys: string[]): void {
  if (keys.some((key) => nonAscii.test(key))) {
    const encoded = new Map(keys.map((key) => [key, Buffer.from(key)]));
    const bytesOf = (key: string) => encoded.get(key) as Buffer;
    keys.sort((a, b) => bytesOf(a).length - bytesOf(b).length || Buffer.compare(bytesOf(a), bytesOf(b)));
    return;
  }
  // Maps are small, and those that were decoded before are in order already.
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i];
    let j = i;
    for (; j > 0 && isAfter(keys[j - 1], key); j--) keys[j] = keys[j - 1];
    keys[j] = key;
  }
}

const isAfter = (a: string, b: string): boolean => (a.length === b.length ? a > b : a.length > b.length);
