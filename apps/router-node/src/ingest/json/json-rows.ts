/**
 * The rows of a JSON body as it comes in: elements of an array, values after one another (lines of JSON), or one value.
 * Memory is bounded by the largest row.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SecaggError } from '@secagg/schema';
import { JSONParser } from '@streamparser/json';
import { BareNumbers } from './bare-numbers';

export type ParsedRow =
  | { readonly index: number; readonly value: unknown }
  /** A line that is no JSON. */
  | { readonly index: number; readonly problem: SecaggError };

export interface JsonRowsOptions {
  /**
   * Where in one JSON document the rows are, as paths of the parser; without it the body is an array, lines or one
   * value.
   */
  readonly paths?: readonly string[];
  /** Every line is a row of its own. Without it a value may go over several lines. */
  readonly lines?: boolean;
  /** Longest row, in bytes. Default 32 MiB. */
  readonly maxRowBytes?: number;
}

/** Parsed in one go; then others have their turn. */
const SLICE_BYTES = 16 * 1024;
const MAX_ROW_BYTES = 32 * 1024 * 1024;
const NEWLINE = 0x0a;
const LEFT_BRACKET = 0x5b;

/**
 * The rows in lists, as many as a part of the body has brought. Throws `malformed` where a document cannot be read on,
 * and `too_large` for a row past the limit: what came before stays.
 */
export async function* jsonRows(
  body: AsyncIterable<Uint8Array>,
  options: JsonRowsOptions = {},
): AsyncGenerator<ParsedRow[]> {
  const numbers = new BareNumbers();
  const start = new Start();
  let reader: Reader | undefined;
  for await (const chunk of body) {
    const bytes = start.write(numbers.write(chunk));
    if (bytes.length === 0) continue;
    reader ??= readerFor(bytes[0], options);
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      const rows = reader.write(bytes.subarray(at, at + SLICE_BYTES));
      if (rows.length > 0) yield rows;
      await nextTurn();
    }
  }
  const rest = start.write(numbers.end());
  reader ??= rest.length > 0 ? readerFor(rest[0], options) : undefined;
  if (reader) {
    const last = [...reader.write(rest), ...reader.end()];
    if (last.length > 0) yield last;
  } else if (options.lines !== true) throw new SecaggError('malformed', 'the body is empty');
}

interface Reader {
  write(bytes: Uint8Array): ParsedRow[];
  end(): ParsedRow[];
}

function readerFor(first: number, { paths, lines = false, maxRowBytes = MAX_ROW_BYTES }: JsonRowsOptions): Reader {
  if (paths) return new DocumentReader(paths, maxRowBytes);
  return !lines && first === LEFT_BRACKET
    ? new DocumentReader(['$.*'], maxRowBytes)
    : new LinesReader(lines, maxRowBytes);
}

const malformed = (what: string) => new SecaggError('malformed', what);
const tooLarge = (limit: number) => new SecaggError('too_large', `a row has more than ${limit} bytes`, { limit });

/** Drops a byte order mark and white space before the first value. */
class Start {
  private begun = false;
  private mark = 0;

  write(bytes: Buffer): Buffer {
    if (this.begun) return bytes;
    let at = 0;
    while (at < bytes.length && this.mark < BYTE_ORDER_MARK.length && bytes[at] === BYTE_ORDER_MARK[this.mark]) {
      at += 1;
      this.mark += 1;
    }
    while (at < bytes.length && WHITE_SPACE.has(bytes[at])) at += 1;
    this.begun = at < bytes.length;
    return bytes.subarray(at);
  }
}
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, NEWLINE, 0x0d]);

/** One document that holds the rows. */
class DocumentReader implements Reader {
  private readonly parser: JSONParser;
  private rows: ParsedRow[] = [];
  private count = 0;
  private rowBytes = 0;
  private failed = false;

  constructor(
    paths: readonly string[],
    private readonly maxRowBytes: number,
  ) {
    this.parser = new JSONParser({ paths: [...paths], keepStack: false });
    this.parser.onValue = ({ value }) => {
      this.rows.push({ index: this.count++, value });
      this.rowBytes = 0;
    };
    this.parser.onError = () => (this.failed = true);
  }

  write(bytes: Uint8Array): ParsedRow[] {
    this.rowBytes += bytes.length;
    this.feed(() => this.parser.write(bytes));
    if (this.rowBytes > this.maxRowBytes) throw tooLarge(this.maxRowBytes);
    return this.taken();
  }

  end(): ParsedRow[] {
    if (!this.parser.isEnded) this.feed(() => this.parser.end());
    return this.taken();
  }

  private feed(act: () => void): void {
    try {
      act();
    } catch {
      this.failed = true;
    }
  }

  /** What came before an error is handed out first. */
  private taken(): ParsedRow[] {
    const rows = this.rows;
    this.rows = [];
    if (this.failed && rows.length === 0) throw malformed('the body is no JSON from some row on');
    return rows;
  }
}

/** One value after the other; what cannot be read is skipped up to the end of its line. */
class LinesReader implements Reader {
  private count = 0;
  private readCount = 0;
  private row: LineParser | undefined;

  constructor(
    private readonly strict: boolean,
    private readonly maxRowBytes: number,
  ) {}

  write(bytes: Uint8Array): ParsedRow[] {
    const rows: ParsedRow[] = [];
    for (let at = 0; at < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline;
      this.feed(bytes.subarray(at, end));
      if (newline >= 0) this.endLine(rows);
      at = end + 1;
    }
    return rows;
  }

  end(): ParsedRow[] {
    const rows: ParsedRow[] = [];
    this.row?.end();
    this.endLine(rows);
    // One value that cannot be read: then the body cannot.
    if (!this.strict && this.readCount === 0 && this.count === 1) throw malformed('the body is no JSON');
    return rows;
  }

  private feed(bytes: Uint8Array): void {
    if (!this.row && !bytes.every((byte) => WHITE_SPACE.has(byte))) this.row = new LineParser(this.maxRowBytes);
    this.row?.write(bytes);
  }

  private endLine(rows: ParsedRow[]): void {
    const { row } = this;
    if (!row) return;
    if (!row.isOver && !this.strict) {
      row.write(LINE_BREAK);
      if (!row.isOver) return;
    }
    const index = this.count++;
    this.row = undefined;
    const { problem } = row;
    if (problem) rows.push({ index, problem });
    else {
      this.readCount += 1;
      rows.push({ index, value: row.value });
    }
  }
}
const LINE_BREAK = Uint8Array.of(NEWLINE);

/** One value. */
class LineParser {
  value: unknown;
  private found = false;
  private error: SecaggError | undefined;
  private length = 0;
  private readonly parser = new JSONParser({ paths: ['$'] });

  constructor(private readonly maxRowBytes: number) {
    this.parser.onValue = ({ value }) => {
      this.value = value;
      this.found = true;
    };
    this.parser.onError = () => this.fail();
  }

  /** The value is there, or will never be. */
  get isOver(): boolean {
    return this.found || this.error !== undefined;
  }

  get problem(): SecaggError | undefined {
    return this.error ?? (this.found ? undefined : malformed('the line is no JSON'));
  }

  write(bytes: Uint8Array): void {
    if (this.error || bytes.length === 0) return;
    this.length += bytes.length;
    if (this.length > this.maxRowBytes) {
      this.error = tooLarge(this.maxRowBytes);
      return;
    }
    try {
      this.parser.write(bytes);
    } catch {
      this.fail();
    }
  }

  end(): void {
    try {
      if (!this.error && !this.parser.isEnded) this.parser.end();
    } catch {
      this.fail();
    }
  }

  private fail(): void {
    this.error ??= malformed('the line is no JSON');
    this.value = undefined;
  }
}
