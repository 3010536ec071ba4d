/**
 * What an exporter is told: how many items were refused, and why. Items that are no model calls are not refused, only
 * of no use.
 */
import { type IngestAnswer } from '@secagg/client';
import { messageType } from './definitions';
import { type Signal } from './signals';

export interface PartialSuccess {
  readonly rejected: number;
  readonly errorMessage: string;
}

export function partialSuccess({ rejected, rejected_not_listed: more = 0 }: IngestAnswer): PartialSuccess | undefined {
  const [first] = rejected;
  if (first === undefined) return undefined;
  return { rejected: rejected.length + more, errorMessage: `item ${first.index}: ${first.code}: ${first.message}` };
}

/** Empty when everything was taken, as the specification says. */
export function encodeResponse({ response, rejected }: Signal, partial: PartialSuccess | undefined): Uint8Array {
  const type = messageType(response);
  const body = partial ? { partialSuccess: { [rejected]: partial.rejected, errorMessage: partial.errorMessage } } : {};
  return type.encode(type.fromObject(body)).finish();
}

/**
 * The same in JSON, where 64-bit integers are text; the counts of every ingest stand beside it, which exporters do not
 * look at.
 */
export const jsonResponse = (
  { rejected }: Signal,
  answer: IngestAnswer,
  partial: PartialSuccess | undefined,
): object => ({
  ...(partial ? { partialSuccess: { [rejected]: String(partial.rejected), errorMessage: partial.errorMessage } } : {}),
  ...answer,
});
