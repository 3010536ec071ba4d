/** A body of observations on its way to the disk: part of the caller's transaction. */
import { type IngestAnswer } from '@secagg/client';
import { AnswerBuilder } from '../ingest/answer';
import { type IncomingRow } from '../ingest/ingest-store';
import { type Aliases } from '../ingest/names/aliases';
import { idsOfPlain } from '../ingest/request-ids';
import { countValues, type ValueBounds, type ValueNotes } from '../ingest/values/count-values';
import { type ObservationTables } from '../store/observation-tables';
import { allOf, parseBatch } from './parse-batch';
import { noRoom, type RowAdder } from './row-adder';

/** A batch as it arrived. */
export interface RawBatch {
  readonly contentType: string;
  readonly body: Uint8Array;
  /** A batch under a key counts once, however often it is sent. */
  readonly idempotencyKey?: string;
  /** All rows or none. */
  readonly atomic?: boolean;
  /** What values are held to, for the answer. */
  readonly bounds: ValueBounds;
}

export interface BatchOutcome {
  readonly answer: IngestAnswer;
  /** Of the rows that are new. */
  readonly notes: ValueNotes;
}

export class BatchAdder {
  constructor(
    private readonly tables: Pick<ObservationTables, 'observations' | 'batches'>,
    private readonly rows: RowAdder,
    private readonly now: () => number,
    private readonly aliases?: Aliases,
  ) {}

  /**
   * Throws what parsing throws; `overloaded` when there is no room for any row, or for all of an atomic batch or one
   * under a key; `duplicate` for a key that stands for another batch.
   */
  add({ contentType, body, idempotencyKey, atomic = false, bounds }: RawBatch): BatchOutcome {
    const { observations, batches } = this.tables;
    const answer = new AnswerBuilder();
    const parsed = parseBatch(contentType, body, this.aliases);
    if (atomic) allOf(parsed);
    const good = parsed.flatMap((row, index) => ('observation' in row ? [{ index, ...row }] : []));
    parsed.forEach((row, index) => {
      if ('problem' in row) answer.reject(index, row.problem);
    });

    const rows = idempotencyKey === undefined ? [] : good.map(({ observation }) => observations.rowOf(observation));
    const before = idempotencyKey === undefined ? undefined : batches.find(idempotencyKey, rows);
    if (before) {
      answer.accepted = before.accepted;
      answer.skip('unlisted', before.unlisted);
      answer.skip('duplicate', good.length - before.accepted - before.unlisted);
      return { answer: answer.build(), notes: countValues([], bounds) };
    }

    const outcomes = this.rows.add(good.map(incoming), atomic || idempotencyKey !== undefined);
    outcomes.forEach((outcome, i) => answer.settle(good[i].index, outcome));
    if (answer.accepted === 0 && outcomes.includes('full')) throw noRoom();
    const unlisted = outcomes.filter((outcome) => outcome === 'unlisted').length;
    if (idempotencyKey !== undefined)
      batches.put(idempotencyKey, rows, { accepted: answer.accepted, unlisted }, this.now());
    const notes = countValues(
      good.filter((_, i) => outcomes[i] === 'accepted'),
      bounds,
    );
    answer.note(notes);
    return { answer: answer.build(), notes };
  }
}

const incoming = ({
  observation,
}: {
  readonly observation: Extract<IncomingRow, { kind: 'observation' }>['observation'];
}): IncomingRow => ({
  kind: 'observation',
  observation,
  ...(observation.id === undefined ? {} : { ids: idsOfPlain(observation.id) }),
});
