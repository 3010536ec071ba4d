/** One body of rows on its way to the disk: each row by itself, and an answer that says what became of each. */
import { type IngestAnswer } from '@secagg/client';
import { SecaggError } from '@secagg/schema';
import { noRoom } from '../observations/row-adder';
import { AnswerBuilder } from './answer';
import { type IngestStore, type RowOutcome } from './ingest-store';
import { type ParsedRow } from './json/json-rows';
import { type Row } from './row';
import { countValues, type ValueBounds, type ValueNotes } from './values/count-values';

export interface IngestParts {
  readonly store: IngestStore;
  readonly bounds: ValueBounds;
  /** Told of the values of rows that have become durable. */
  onNotes(notes: ValueNotes): void;
}

export interface SessionResult {
  readonly answer: IngestAnswer;
  /** What reading threw, or `overloaded` when there was room for none; the rows of the answer stay. */
  readonly problem?: SecaggError;
}

/** Rows that are made durable together. */
const ROWS_PER_COMMIT = 1000;

type StoredRow = Extract<Row, { kind: 'observation' | 'score' }>;

export class IngestSession {
  private readonly answer = new AnswerBuilder();
  private pending: { readonly index: number; readonly row: StoredRow }[] = [];
  private wasFull = false;

  constructor(
    private readonly map: (value: unknown) => Row | readonly Row[],
    private readonly parts: IngestParts,
  ) {}

  /** Reads rows to their end. Throws what the store throws, and what reading throws that is no SecaggError. */
  async read(lists: AsyncIterable<readonly ParsedRow[]>): Promise<SessionResult> {
    try {
      for await (const rows of lists) {
        for (const row of rows) this.take(row);
        if (this.pending.length >= ROWS_PER_COMMIT) await this.commit();
      }
    } catch (error) {
      await this.commit();
      if (!(error instanceof SecaggError)) throw error;
      return { answer: this.answer.build(), problem: error };
    }
    await this.commit();
    const answer = this.answer.build();
    return { answer, ...(this.wasFull && answer.accepted === 0 ? { problem: noRoom() } : {}) };
  }

  private take(parsed: ParsedRow): void {
    const { index } = parsed;
    try {
      if ('problem' in parsed) throw parsed.problem;
      const mapped = this.map(parsed.value);
      for (const row of Array.isArray(mapped) ? (mapped as readonly Row[]) : [mapped as Row]) {
        if (row.kind === 'skip') this.answer.skip(row.reason);
        else this.pending.push({ index, row });
      }
    } catch (error) {
      if (!(error instanceof SecaggError)) throw error;
      this.answer.reject(index, error);
    }
  }

  private async commit(): Promise<void> {
    const rows = this.pending;
    this.pending = [];
    if (rows.length === 0) return;
    // Dropped values are of no interest to the store.
    const outcomes = await this.parts.store.acceptRows(
      rows.map(({ row }) =>
        row.kind === 'score'
          ? row
          : { kind: row.kind, observation: row.observation, ...(row.ids ? { ids: row.ids } : {}) },
      ),
    );
    outcomes.forEach((outcome, i) => this.settle(rows[i].index, outcome));
    const accepted = rows.flatMap(({ row }, i) =>
      outcomes[i] === 'accepted' && row.kind === 'observation' ? [row] : [],
    );
    const notes = countValues(accepted, this.parts.bounds);
    this.answer.note(notes);
    this.parts.onNotes(notes);
  }

  private settle(index: number, result: RowOutcome): void {
    if (result === 'full') this.wasFull = true;
    this.answer.settle(index, result);
  }
}
