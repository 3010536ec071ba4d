import { SecaggError } from '@secagg/schema';
import * as fc from 'fast-check';
import { decodeAll } from '../../../test/support/decode-all';
import { messageType } from './definitions';
import { LOGS, TRACES } from './signals';
import { protobufRows } from './decode-protobuf';

const encode = (type: string, value: object): Uint8Array => {
  const message = messageType(type);
  return message.encode(message.fromObject(value)).finish();
};
const span = (name: string) => ({
  traceId: Buffer.alloc(16, 1),
  spanId: Buffer.alloc(8, 2),
  name,
  startTimeUnixNano: '1800000000250000000',
  attributes: [{ key: 'gen_ai.usage.input_tokens', value: { intValue: '200' } }],
});
const request = (...groups: string[][]) =>
  encode('ExportTraceServiceRequest', {
    resourceSpans: groups.map((names) => ({ scopeSpans: [{ spans: names.map(span) }, { spans: [] }] })),
  });

it('gives the spans of all groups in their order, as JSON has them', async () => {
  const rows = await decodeAll(protobufRows(request(['a', 'b'], [], ['c']), TRACES));
  expect(rows.map((row) => 'value' in row && (row.value as { name: string }).name)).toEqual(['a', 'b', 'c']);
  expect(rows.map(({ index }) => index)).toEqual([0, 1, 2]);
  expect(rows[0]).toMatchObject({
    value: {
      startTimeUnixNano: '1800000000250000000',
      attributes: [{ key: 'gen_ai.usage.input_tokens', value: { intValue: '200' } }],
    },
  });
});

it('gives log records', async () => {
  const body = encode('ExportLogsServiceRequest', {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: 'x' }] }] }],
  });
  expect(await decodeAll(protobufRows(body, LOGS))).toMatchObject([{ value: { eventName: 'x' } }]);
});

it('skips what it does not know', async () => {
  // Field 1 of the group (a resource), field 3 (the URL of a schema), and field 90.
  const spans = encode('ScopeSpans', { spans: [span('a')] });
  const group = Buffer.concat([
    Buffer.from([0x0a, 2, 0x10, 1]),
    Buffer.from([0x12, spans.length]),
    spans,
    Buffer.from([0x1a, 1, 0x78]),
    Buffer.from([0xd0, 0x05, 7]),
  ]);
  const body = Buffer.concat([Buffer.from([0x0a, group.length]), group]);
  expect(await decodeAll(protobufRows(body, TRACES))).toHaveLength(1);
});

it('gives what came before bytes that are no message, and then says so', async () => {
  const good = request(['a']);
  const seen: unknown[] = [];
  await expect(
    (async () => {
      for await (const rows of protobufRows(Buffer.concat([good, Buffer.from([0x0a, 0x7f, 0x12])]), TRACES))
        seen.push(...rows);
    })(),
  ).rejects.toMatchObject({ code: 'malformed' });
  expect(seen).toHaveLength(1);
});

it('reads any bytes to an end', async () => {
  const valid = request(['a', 'b']);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }).map((changes) => {
          const altered = Uint8Array.from(valid);
          for (const [at, byte] of changes) altered[at] = byte;
          return altered;
        }),
      ),
      async (bytes) => {
        const outcome = await decodeAll(protobufRows(bytes, TRACES)).catch((error: unknown) => error);
        if (!Array.isArray(outcome) && !(outcome instanceof SecaggError && outcome.code === 'malformed')) throw outcome;
      },
    ),
  );
});
