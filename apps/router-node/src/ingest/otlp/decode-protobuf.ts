/** Items of an export request in protobuf, one at a time: only one is in memory besides the body. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SecaggError } from '@secagg/schema';
import protobuf, { type Reader } from 'protobufjs';
import { type ParsedRow } from '../json/json-rows';
import { messageType } from './definitions';
import { type Signal } from './signals';

/** Decoded in one go, by bytes; then others have their turn. */
const SLICE_BYTES = 64 * 1024;
const LENGTH_DELIMITED = 2;

/** As JSON has them, but for byte strings, which are bytes. Throws `malformed`; what came before stays. */
export async function* protobufRows(body: Uint8Array, signal: Signal): AsyncGenerator<ParsedRow[]> {
  const item = messageType(signal.groups[signal.groups.length - 1].type);
  let rows: ParsedRow[] = [];
  let count = 0;
  let sliceFrom = 0;
  const positions = itemPositions(body, signal);
  for (;;) {
    let next: IteratorResult<readonly [start: number, end: number]>;
    let value: unknown;
    try {
      next = positions.next();
      if (next.done) break;
      const [start, end] = next.value;
      value = item.toObject(item.decode(body.subarray(start, end)), { longs: String });
    } catch {
      if (rows.length > 0) yield rows;
      throw new SecaggError('malformed', `the body is no ${signal.request} from some item on`);
    }
    rows.push({ index: count++, value });
    if (next.value[1] - sliceFrom > SLICE_BYTES) {
      yield rows;
      rows = [];
      sliceFrom = next.value[1];
      await nextTurn();
    }
  }
  if (rows.length > 0) yield rows;
}

/** Where in the body the items are. Throws what the library throws for bytes that are no protobuf. */
function* itemPositions(body: Uint8Array, { groups }: Signal): Generator<readonly [start: number, end: number]> {
  yield* descend(
    protobuf.Reader.create(body),
    body.length,
    groups.map(({ field }) => field),
  );
}

function* descend(
  reader: Reader,
  end: number,
  [field, ...inner]: readonly number[],
): Generator<readonly [start: number, end: number]> {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 !== field || (tag & 7) !== LENGTH_DELIMITED) {
      reader.skipType(tag & 7);
      continue;
    }
    const length = reader.uint32();
    const innerEnd = reader.pos + length;
    if (innerEnd > end) throw new RangeError('a message goes past the one it is in');
    if (inner.length > 0) yield* descend(reader, innerEnd, inner);
    else yield [reader.pos, innerEnd];
    reader.pos = innerEnd;
  }
}
