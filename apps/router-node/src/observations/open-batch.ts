/**
 * A body of rows that is read while it comes: one piece of it is in memory, and the next one is asked for when that is
 * read.
 */
import { type IngestStore } from '../ingest/ingest-store';
import { jsonRows, type ParsedRow } from '../ingest/json/json-rows';
import { protobufRows } from '../ingest/otlp/decode-protobuf';
import { LOGS, type Signal, TRACES } from '../ingest/otlp/signals';
import { type Row } from '../ingest/row';
import { IngestSession } from '../ingest/session';
import { type ValueNotes } from '../ingest/values/count-values';
import { arrived, carried } from './carried-error';
import { type GivenPiece, type IngestProgress, type IngestResult, type IngestStart } from './ingest-steps';

type Outcome = { readonly result: IngestResult } | { readonly failure: unknown };

export class OpenBatch {
  private notes: ValueNotes[] = [];
  private outcome: Outcome | undefined;
  /** Takes the next piece; undefined while none is wanted. */
  private take: ((given: GivenPiece) => void) | undefined;
  /** There is something to say. */
  private tell: () => void = () => undefined;

  constructor(start: IngestStart, map: (value: unknown) => Row | readonly Row[], store: IngestStore) {
    const session = new IngestSession(map, {
      store,
      bounds: start.bounds,
      onNotes: (notes) => {
        this.notes.push(notes);
        this.tell();
      },
    });
    void session
      .read(rowsOf(start, this.pieces()))
      .then(
        ({ answer, problem }) => ({ result: { answer, ...(problem ? { problem: carried(problem) } : {}) } }),
        (failure: unknown) => ({ failure }),
      )
      .then((outcome) => {
        this.outcome = outcome;
        this.tell();
      });
  }

  /** Throws what the disk throws. */
  async step(given: GivenPiece | undefined): Promise<Omit<IngestProgress, 'isFullOfUnlisted'>> {
    const { take } = this;
    if (given && take) {
      this.take = undefined;
      take(given);
    }
    if (this.notes.length === 0 && !this.take && !this.outcome)
      await new Promise<void>((resolve) => {
        this.tell = resolve;
      });
    if (this.outcome && 'failure' in this.outcome) throw this.outcome.failure;
    const { notes, outcome } = this;
    this.notes = [];
    return { wantsPiece: this.take !== undefined, notes, ...outcome };
  }

  private async *pieces(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const given = await new Promise<GivenPiece>((resolve) => {
        this.take = resolve;
        this.tell();
      });
      if ('piece' in given) yield given.piece;
      else if (given.end === 'whole') return;
      else throw arrived(given.why);
    }
  }
}

const SIGNALS: Readonly<Partial<Record<IngestStart['source'], Signal>>> = { traces: TRACES, logs: LOGS };

function rowsOf(
  { source, format }: Pick<IngestStart, 'source' | 'format'>,
  pieces: AsyncIterable<Uint8Array>,
): AsyncIterable<readonly ParsedRow[]> {
  const signal = SIGNALS[source];
  if (format === 'protobuf' && signal) return protobufBody(pieces, signal);
  return jsonRows(pieces, { ...(signal ? { paths: signal.paths } : {}), lines: format === 'lines' });
}

/** Protobuf cannot be read before it is whole. */
async function* protobufBody(pieces: AsyncIterable<Uint8Array>, signal: Signal): AsyncGenerator<ParsedRow[]> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  yield* protobufRows(all.length === 1 ? all[0] : Buffer.concat(all), signal);
}
