/**
 * Python writes numbers that JSON does not have as `NaN`, `Infinity` and `-Infinity`. Here they become strings of that
 * text, so that the row that has one can be read, and the batch around it.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const WORDS = ['NaN', 'Infinity', '-Infinity'].map((word) => Buffer.from(word));
const FIRST_BYTES: ReadonlySet<number> = new Set(WORDS.map((word) => word[0]));

export class BareNumbers {
  private inString = false;
  /** The last byte of a string so far begins an escape. */
  private escaped = false;
  /** What may be the beginning of a word that goes on in the next chunk. */
  private held: Buffer = Buffer.alloc(0);

  write(chunk: Uint8Array): Buffer {
    const bytes =
      this.held.length > 0
        ? Buffer.concat([this.held, chunk])
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    this.held = Buffer.alloc(0);
    const pieces: Buffer[] = [];
    let copied = 0;
    let at = 0;
    while (at < bytes.length) {
      if (this.inString) {
        at = this.pastString(bytes, at);
        continue;
      }
      const byte = bytes[at];
      if (byte === QUOTE) this.inString = true;
      if (!FIRST_BYTES.has(byte)) {
        at += 1;
        continue;
      }
      const word = WORDS.find((each) => bytes.subarray(at, at + each.length).equals(each));
      if (word) {
        pieces.push(bytes.subarray(copied, at), Buffer.from(`"${word.toString()}"`));
        at += word.length;
        copied = at;
      } else if (WORDS.some((each) => isBeginning(bytes.subarray(at), each))) {
        this.held = Buffer.from(bytes.subarray(at));
        return Buffer.concat([...pieces, bytes.subarray(copied, at)]);
      } else at += 1;
    }
    return copied === 0 ? bytes : Buffer.concat([...pieces, bytes.subarray(copied)]);
  }

  /** What was held back: the body has ended. */
  end(): Buffer {
    return this.held;
  }

  /**
   * @returns where the string, begun before `from`, has ended: after its quote, or at a line break, which no string of
   * JSON has.
   */
  private pastString(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      if (this.escaped) this.escaped = false;
      else if (byte === BACKSLASH) this.escaped = true;
      else if (byte === QUOTE || byte === NEWLINE) {
        this.inString = false;
        return at + 1;
      }
    }
    return bytes.length;
  }
}

const isBeginning = (tail: Buffer, word: Buffer): boolean =>
  tail.length < word.length && word.subarray(0, tail.length).equals(tail);
