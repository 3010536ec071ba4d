/** OpenTelemetry's own SDK and exporters at a real router-node process, as it is shipped. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { request } from 'undici';
import { messageType } from '../src/ingest/otlp/definitions';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';
import { ownSums } from './support/own-sums';

jest.setTimeout(120_000);

let fleet: TestFleet;
let node: NodeProcess;
beforeEach(async () => {
  fleet = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
  node = await NodeProcess.start(fleet.environment('router-0', 9));
});
afterEach(async () => {
  await node.stop();
  fleet.remove();
});

const url = (path: string) => `http://127.0.0.1:${node.port}${path}`;
const post = async (path: string, body: string | Uint8Array, headers: Record<string, string>) => {
  const answer = await request(url(path), { method: 'POST', body, headers });
  return {
    status: answer.statusCode,
    type: answer.headers['content-type'],
    bytes: Buffer.from(await answer.body.arrayBuffer()),
  };
};
const waiting = async () =>
  Object.fromEntries((await node.client.names()).keys.map(({ key, waiting: count }) => [key, count]));

const application = join(__dirname, 'support/instrumented-application.mjs');

it.each([
  ['protobuf', ['protobuf']],
  ['JSON', ['json']],
  ['protobuf in gzip', ['protobuf', 'gzip']],
  ['JSON in gzip', ['json', 'gzip']],
])('takes what its exporters send as %s, and gets the counts of every key right', async (_, options) => {
  const { stderr } = await promisify(execFile)(process.execPath, [application, url('/v1/traces'), ...options]);
  expect(stderr).toBe('');
  expect(await waiting()).toEqual({ 'gpt-4o:writing': 30, 'claude:v1:0:code': 30 });
  const metrics = await (await request(url('/metrics'))).body.text();
  expect(metrics).toContain('router_ingest_rows_total{source="traces",outcome="accepted",reason=""} 60');
  expect(metrics).toContain('router_ingest_rows_total{source="traces",outcome="skipped",reason="no_model_call"} 180');
  expect(metrics).toContain('router_observations_waiting{catalogue="unknown"} 60');
  expect(JSON.stringify(node.log)).not.toContain('correct horse');
  // A fifth has failed, a tenth is scored within its span.
  await node.stop();
  const sums = await ownSums(fleet.environment('router-0', 9));
  expect(sums).toMatchObject({
    'gpt-4o:writing': { requests: 30, successes: 24, scored: 0 },
    'claude:v1:0:code': { requests: 30, successes: 24, scored: 6 },
  });
});

const attribute = (key: string, value: string | number) => ({
  key,
  value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value },
});
const span = (change: object = {}, attributes: object[] = []) => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  name: 'chat m',
  startTimeUnixNano: '1800000000000000000',
  endTimeUnixNano: '1800000001000000000',
  attributes: [attribute('gen_ai.operation.name', 'chat'), attribute('gen_ai.request.model', 'm'), ...attributes],
  ...change,
});
const traces = (...spans: object[]) => ({
  resourceSpans: [{ resource: {}, scopeSpans: [{ scope: { name: 'x' }, spans }] }],
});
const asJson = { 'content-type': 'application/json' };
const asProtobuf = { 'content-type': 'application/x-protobuf' };
const bad = span({ spanId: 'c7ad6b7169203331', endTimeUnixNano: '1700000000000000000' });

it('answers with partial success in either encoding, and counts a span once', async () => {
  const json = await post('/v1/traces', JSON.stringify(traces(span(), span(), bad)), asJson);
  expect([json.status, JSON.parse(json.bytes.toString())]).toEqual([
    200,
    {
      partialSuccess: { rejectedSpans: '1', errorMessage: expect.stringContaining('item 2: invalid: ') },
      accepted: 1,
      skipped: { duplicate: 1 },
      rejected: [{ index: 2, code: 'invalid', path: 'endTimeUnixNano', message: expect.any(String) }],
    },
  ]);
  const type = messageType('ExportTraceServiceRequest');
  const bytes = (id: string) => Buffer.from(id, 'hex');
  const inBytes = (one: ReturnType<typeof span>) => ({
    ...one,
    traceId: bytes(one.traceId),
    spanId: bytes(one.spanId),
  });
  const body = type.encode(type.fromObject(traces(inBytes(span()), inBytes(bad)))).finish();
  const response = messageType('ExportTraceServiceResponse');
  for (const [packed, headers] of [
    [body, asProtobuf],
    [gzipSync(body), { ...asProtobuf, 'content-encoding': 'gzip' }],
  ] as const) {
    const reply = await post('/v1/traces', packed, headers);
    expect([reply.status, reply.type]).toEqual([200, 'application/x-protobuf']);
    expect(response.toObject(response.decode(reply.bytes), { longs: Number })).toEqual({
      partialSuccess: { rejectedSpans: 1, errorMessage: expect.stringContaining('item 1: invalid') },
    });
  }
  // Nothing refused: an empty response, as the specification has it.
  const good = type.encode(type.fromObject(traces(inBytes(span())))).finish();
  expect((await post('/v1/traces', good, asProtobuf)).bytes).toHaveLength(0);
  expect(await waiting()).toEqual({ 'm:general': 1 });
});

it.each([
  ['bytes that are no message', Buffer.from([0x0a, 0x7f]), asProtobuf, 400],
  ['text that is no JSON', Buffer.from('{"resourceSpans":[{'), asJson, 400],
  ['another kind', Buffer.from('x'), { 'content-type': 'text/plain' }, 400],
  ['more than may be in memory', Buffer.alloc(33 * 1024 * 1024), asProtobuf, 413],
])('refuses %s', async (_, body, headers, status) => {
  expect((await post('/v1/traces', body, headers)).status).toBe(status);
});

it('joins scores that come later as log records, by span or by response', async () => {
  const spans = [span({}, [attribute('gen_ai.response.id', 'r1')]), span({ spanId: 'd7ad6b7169203331' })];
  await post('/v1/traces', JSON.stringify(traces(...spans)), asJson);
  const record = (change: object, ...attributes: object[]) => ({
    eventName: 'gen_ai.evaluation.result',
    attributes: [attribute('gen_ai.evaluation.name', 'relevance'), ...attributes],
    ...change,
  });
  const score = attribute('gen_ai.evaluation.score.value', 0.5);
  const records = [
    record({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'd7ad6b7169203331' }, score),
    record({}, score, attribute('gen_ai.response.id', 'r1')),
    record({}, score),
    record({}, attribute('gen_ai.response.id', 'r1')),
    { body: { stringValue: 'something else' } },
  ];
  const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] };
  const reply = await post('/v1/logs', JSON.stringify(logs), asJson);
  expect(JSON.parse(reply.bytes.toString())).toMatchObject({
    partialSuccess: { rejectedLogRecords: '1' },
    accepted: 2,
    skipped: { no_score: 2 },
    rejected: [{ index: 2, code: 'invalid', path: 'gen_ai.response.id' }],
  });
});
