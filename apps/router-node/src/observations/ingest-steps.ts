/**
 * What the two threads say to each other about a body of rows: pieces of it as they come, and what has become of those
 * before.
 */
import { type IngestAnswer } from '@secagg/client';
import { type IngestSource } from '@secagg/metrics';
import { type ValueBounds, type ValueNotes } from '../ingest/values/count-values';
import { type CarriedError } from './carried-error';

export interface IngestStart {
  readonly source: Exclude<IngestSource, 'observations'>;
  /** `lines`: every line is a row of its own. */
  readonly format: 'json' | 'lines' | 'protobuf';
  /** What values are held to. */
  readonly bounds: ValueBounds;
}

export interface IngestStep {
  /** Of the body, chosen by the sender. */
  readonly id: number;
  /** In the first step of a body. */
  readonly start?: IngestStart;
  /** The next piece, or that there is none: the body is whole, or broke off. */
  readonly given?: GivenPiece;
}

export type GivenPiece =
  | { readonly piece: Uint8Array }
  | { readonly end: 'whole' }
  | { readonly end: 'broken'; readonly why: CarriedError };

export interface IngestProgress {
  /** The next step is to bring the next piece. */
  readonly wantsPiece: boolean;
  /** Of rows that have become durable since the last step. */
  readonly notes: readonly ValueNotes[];
  readonly isFullOfUnlisted: boolean;
  /** Once all of it is read, or no more of it can be; everything that it counts as accepted is durable. */
  readonly result?: IngestResult;
}

export interface IngestResult {
  readonly answer: IngestAnswer;
  /** Why the body as a whole is refused. */
  readonly problem?: CarriedError;
}
