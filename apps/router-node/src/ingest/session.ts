/** One body of rows on its way to the disk: each row by itself, and an answer that says what became of each. */
import { type IngestAnswer } from '@secagg/client';
import { type IngestSource, type RouterNodeMetrics } from '@secagg/metrics';
import { SecaggError } from '@secagg/schema';
import { AnswerBuilder } from './answer';
import { countAnswer } from './count-answer';
import { noRoom } from '../observations/row-adder';
import { type IngestStore, type RowOutcome } from './ingest-store';
import { type ParsedRow } from './json/json-rows';
import { type Row } from './row';
import { countValues } from './values/count-values';
import { type ValueLog } from './values/value-log';

export interface IngestParts {
  readonly store: IngestStore;
  readonly values: ValueLog;
  readonly metrics: Pick<RouterNodeMetrics, 'rowsTaken' | 'unlistedQuotaFull'>;
}

/** Rows that are made durable together. */
const ROWS_PER_COMMIT = 1000;

type StoredRow = Extract<Row, { kind: 'observation' | 'score' }>;

export class IngestSession {
  private readonly answer = new AnswerBuilder();
  private pending: { readonly index: number; readonly row: StoredRow }[] = [];
  private wasFull = false;

  constructor(
    private readonly source: IngestSource,
    private readonly map: (value: unknown) => Row | readonly Row[],
    private readonly parts: IngestParts,
  ) {}

  /**
   * Reads rows to their end. Throws what reading throws, with what has become of the rows before as details of a SecaggError; and
   * `overloaded` when there was room for none.
   */
  async read(lists: AsyncIterable<readonly ParsedRow[]>): Promise<IngestAnswer> {
    try {
      for await (const rows of lists) {
        for (const row of rows) this.take(row);
        if (this.pending.length >= ROWS_PER_COMMIT) await this.commit();
      }
    } catch (error) {
      await this.commit();
      if (!(error instanceof SecaggError)) throw error;
      throw new SecaggError(error.code, error.message, { ...error.details, ...this.counted() });
    }
    await this.commit();
    const answer = this.counted();
    if (this.wasFull && answer.accepted === 0) throw noRoom();
    return answer;
  }

  private counted(): IngestAnswer {
    const answer = this.answer.build();
    countAnswer(this.source, answer, this.parts.metrics);
    return answer;
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
    const { outcomes, isFullOfUnlisted } = await this.parts.store.acceptRows(
      rows.map(({ row }) =>
        row.kind === 'score'
          ? row
          : { kind: row.kind, observation: row.observation, ...(row.ids ? { ids: row.ids } : {}) },
      ),
    );
    this.parts.metrics.unlistedQuotaFull(isFullOfUnlisted);
    outcomes.forEach((outcome, i) => this.settle(rows[i].index, outcome));
    const accepted = rows.flatMap(({ row }, i) =>
      outcomes[i] === 'accepted' && row.kind === 'observation' ? [row] : [],
    );
    const notes = countValues(accepted, this.parts.values.bounds);
    this.answer.note(notes, this.parts.values.add(notes));
  }

  private settle(index: number, result: RowOutcome): void {
    if (result === 'full') this.wasFull = true;
    this.answer.settle(index, result);
  }
}
