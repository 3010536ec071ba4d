/**
 * Reads deterministic CBOR (see canonical-cbor.ts) and nothing else: what it accepts, the writer would have written.
 */
import { SecaggError } from '../problems';

/** Deeper than any message, far less than a stack. */
const MAX_DEPTH = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class CborReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  /** @param copies whether byte strings are copies, or views of `bytes` */
  constructor(
    bytes: Uint8Array,
    private readonly copies: boolean,
  ) {
    // A Buffer's `slice` would not copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The one item that fills the bytes. Throws `malformed` or `not_canonical`. */
  decode(): unknown {
    const value = this.read(0);
    if (this.at !== this.bytes.length) throw malformed('bytes follow the item');
    return value;
  }

  private read(depth: number): unknown {
    const head = this.byte();
    switch (head >> 5) {
      case 0:
        return this.argument(head);
      case 1:
        return this.negative(this.argument(head));
      case 2:
        return this.take(this.argument(head));
      case 3:
        return this.text(this.argument(head));
      case 4:
        return this.array(this.argument(head), depth + 1);
      case 5:
        return this.map(this.argument(head), depth + 1);
      case 7:
        if (head === 0xf4) return false;
        if (head === 0xf5) return true;
        if (head === 0xf6) return null;
    }
    throw malformed('an item of a kind that no message has');
  }

  private negative(argument: number): number {
    const value = -1 - argument;
    if (!Number.isSafeInteger(value)) throw malformed('an integer of 2^53 or more');
    return value;
  }

  private array(length: number, depth: number): unknown[] {
    this.checkCollection(length, depth);
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(this.read(depth));
    return items;
  }

  private map(length: number, depth: number): Record<string, unknown> {
    this.checkCollection(2 * length, depth);
    const map: Record<string, unknown> = {};
    let previous = -1;
    for (let i = 0; i < length; i++) {
      const start = this.at;
      const head = this.byte();
      if (head >> 5 !== 3) throw malformed('a map key that is no text');
      const key = this.text(this.argument(head));
      if (previous >= 0) this.checkOrder(previous, start);
      previous = start;
      if (key === '__proto__') throw malformed('a map with the key __proto__');
      map[key] = this.read(depth);
    }
    return map;
  }

  /** Whether the encoded key at `previous` comes before the one that starts at `start` and ends here. */
  private checkOrder(previous: number, start: number): void {
    const { bytes } = this;
    // Encodings are prefix-free, so two different ones differ before either ends.
    let i = 0;
    while (start + i < this.at && bytes[previous + i] === bytes[start + i]) i++;
    if (start + i === this.at) throw malformed('a map key twice');
    if (bytes[previous + i] > bytes[start + i]) throw new SecaggError('not_canonical', 'map keys are not in order');
  }

  /** Every item takes a byte at least: a short message cannot make us allocate much, or recurse far. */
  private checkCollection(items: number, depth: number): void {
    if (items > this.bytes.length - this.at) throw malformed('the bytes end too early');
    if (depth > MAX_DEPTH) throw malformed('items are nested too deeply');
  }

  private text(length: number): string {
    const { bytes } = this;
    const start = this.at;
    const end = this.advance(length);
    // Most texts are short names: for them a loop is faster than a call out of JavaScript.
    if (length > 24) return this.longText(start, end);
    let text = '';
    for (let i = start; i < end; i++) {
      const code = bytes[i];
      if (code > 0x7f) return this.longText(start, end);
      text += String.fromCharCode(code);
    }
    return text;
  }

  private longText(start: number, end: number): string {
    try {
      return utf8.decode(this.bytes.subarray(start, end));
    } catch {
      throw malformed('a text that is not UTF-8');
    }
  }

  private take(length: number): Uint8Array {
    const start = this.at;
    const end = this.advance(length);
    return this.copies ? this.bytes.slice(start, end) : this.bytes.subarray(start, end);
  }

  private advance(length: number): number {
    if (length > this.bytes.length - this.at) throw malformed('the bytes end too early');
    this.at += length;
    return this.at;
  }

  private byte(): number {
    if (this.at === this.bytes.length) throw malformed('the bytes end too early');
    return this.bytes[this.at++];
  }

  /** The argument of a head, at most 2^53 - 1, in its shortest form (RFC 8949 section 3). */
  private argument(head: number): number {
    const info = head & 0x1f;
    if (info < 24) return info;
    if (info > 27) throw malformed('an indefinite length or reserved head');
    const size = 1 << (info - 24);
    const start = this.at;
    const end = this.advance(size);
    let value = 0;
    for (let i = start; i < end; i++) value = value * 256 + this.bytes[i];
    if (!Number.isSafeInteger(value)) throw malformed('an integer of 2^53 or more');
    const least = size === 1 ? 24 : 2 ** (4 * size);
    if (value < least) throw new SecaggError('not_canonical', 'a number in more bytes than it needs');
    return value;
  }
}

const malformed = (what: string): SecaggError => new SecaggError('malformed', `not decodable: ${what}`);
