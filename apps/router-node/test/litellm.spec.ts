/** LiteLLM's generic_api callback at a real node. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { oddities, payload, type PayloadBatch, payloadBatch, SECRET } from './support/litellm-payloads';
import { ownSums } from './support/own-sums';
import { useTestNode } from './support/running-node';

jest.setTimeout(120_000);

const node = useTestNode();
const post = (body: string | Uint8Array, headers?: Record<string, string>) =>
  node.call('POST', '/v1/ingest/litellm', body, headers);
const aliasesFile = (text: string): string => {
  const path = join(node.fleet.folder, 'aliases.json');
  writeFileSync(path, text);
  return path;
};
const answerTo = ({ accepted, skipped, rejected }: PayloadBatch) => ({
  status: 202,
  json: { accepted, skipped, rejected: rejected.map((one) => ({ ...one, message: expect.any(String) })) },
});

it('takes a batch of 512 calls, one in twenty odd in every way, and gets the counts of every key right', async () => {
  await node.start();
  const batch = payloadBatch(512);
  expect(batch.odd).toBe(oddities.length);
  const { dropped, clipped } = batch;
  expect([dropped, clipped]).not.toContainEqual({});
  const answer = await post(batch.body);
  expect(answer).toMatchObject(answerTo(batch));
  expect(answer.json).toMatchObject({ dropped, clipped });
  expect(await node.waiting()).toEqual(batch.counts);
  // LiteLLM may send it again; nothing counts twice, also after a restart.
  await node.stop();
  await node.start();
  expect((await post(batch.body)).json).toMatchObject({
    accepted: 0,
    skipped: { duplicate: batch.accepted + batch.skipped.duplicate },
  });
  expect(await node.waiting()).toEqual(batch.counts);
  // Not their number alone: times in every unit, what failed, and whose cost is known.
  await node.stop();
  expect(await ownSums(node.fleet.environment('router-0', 9))).toEqual(batch.sums);
});

it.each<[string, () => { body: string | Uint8Array; headers?: Record<string, string>; batch: PayloadBatch }]>([
  ['lines', () => ({ body: payloadBatch(60, 'lines').body, batch: payloadBatch(60, 'lines') })],
  [
    'lines that say so',
    () => ({
      body: payloadBatch(60, 'lines').body,
      headers: { 'content-type': 'application/x-ndjson' },
      batch: payloadBatch(60),
    }),
  ],
  [
    'gzip',
    () => ({
      body: gzipSync(payloadBatch(60).body),
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      batch: payloadBatch(60),
    }),
  ],
  ['one payload', () => ({ body: payloadBatch(1).body.slice(1, -1), batch: payloadBatch(1) })],
])('takes %s', async (_, make) => {
  await node.start();
  const { body, headers, batch } = make();
  expect(await post(body, headers)).toMatchObject(answerTo(batch));
  expect(await node.waiting()).toEqual(batch.counts);
});

it('says by field and key what was held to a bound or lost', async () => {
  await node.start();
  const costly = { ...payload(1), response_cost: 5, total_tokens: 10 };
  const broken = { ...payload(2), response_cost: -5 };
  expect((await post(JSON.stringify([costly, broken]))).json).toEqual({
    accepted: 2,
    skipped: {},
    rejected: [],
    clipped: { cost_usd: { 'claude-sonnet:writing': 1 } },
    dropped: { cost_usd: { 'ollama/llama3:8b:factual_lookup': 1 } },
  });
});

it('keeps what came before a body that breaks off, and says so', async () => {
  await node.start();
  const body = `[${JSON.stringify(payload(1))},${JSON.stringify(payload(2)).slice(0, 300)}`;
  expect(await post(body)).toMatchObject({
    status: 400,
    json: { code: 'malformed', accepted: 1, skipped: {}, rejected: [] },
  });
  expect(await node.waiting()).toEqual({ 'claude-sonnet:writing': 1 });
  for (const [other, status] of [
    ['hello', 400],
    ['', 400],
    ['{"id":', 400],
  ] as const)
    expect(await post(other)).toMatchObject({ status, json: { code: 'malformed' } });
  expect(await post('[]', { 'content-type': 'text/plain' })).toMatchObject({
    status: 400,
    json: { code: 'malformed' },
  });
});

it('takes what there is room for, and asks to come again when there is none', async () => {
  await node.start({ SECAGG_MAX_OBSERVATIONS: '3' });
  const body = JSON.stringify([1, 2, 3, 4, 5].map((i) => payload(i)));
  const { json } = await post(body);
  expect(json).toMatchObject({
    accepted: 3,
    rejected: [
      { index: 3, code: 'overloaded' },
      { index: 4, code: 'overloaded' },
    ],
  });
  expect(await post(JSON.stringify([payload(6)]))).toMatchObject({ status: 429, json: { code: 'overloaded' } });
});

it('takes scores for calls by their id', async () => {
  await node.start();
  await post(JSON.stringify([payload(1), payload(2)]));
  const scores = [
    { id: 'chatcmpl-00000001', quality: 0.5 },
    { id: 'later', quality: 1 },
    { id: 'x', quality: 2 },
    { quality: 1 },
  ];
  expect(await node.call('POST', '/v1/scores', JSON.stringify(scores))).toMatchObject({
    status: 202,
    json: {
      accepted: 2,
      skipped: {},
      rejected: [
        { index: 2, code: 'invalid', path: 'quality' },
        { index: 3, code: 'invalid', path: 'id' },
      ],
    },
  });
  expect((await post(JSON.stringify([{ ...payload(3), id: 'later' }]))).json).toMatchObject({ accepted: 1 });
});

it('keeps nothing of prompts and responses, anywhere', async () => {
  await node.start();
  const { text } = await post(payloadBatch(100).body);
  const broken = await post(`[${JSON.stringify(payload(200)).slice(0, -40)}`);
  const status = await node.call('GET', '/v1/status');
  const metrics = await node.call('GET', '/metrics');
  expect(`${text}${broken.text}${status.text}${metrics.text}${node.logged()}`).not.toContain(SECRET);
  await node.stop();
  const folder = node.fleet.environment('router-0', 9).SECAGG_DATA_DIR;
  const files = readdirSync(folder).filter((name) => name.includes('.db'));
  expect(files).toContain('observations.db');
  for (const name of files) {
    const bytes = readFileSync(join(folder, name));
    for (const secret of [SECRET, 'api.example', 'user-', 'key-1', 'chatcmpl-', 'AuthenticationError'])
      expect([name, secret, bytes.includes(secret)]).toEqual([name, secret, false]);
  }
});

it('calls models as the fleet does, and shows what it would do with other names', async () => {
  const aliases = aliasesFile(
    JSON.stringify({ models: { 'ollama/*': 'local/*', 'claude-*': 'claude' }, tasks: { writing: 'prose' } }),
  );
  await node.start({ SECAGG_ALIASES_FILE: aliases });
  await post(JSON.stringify([payload(1), payload(2), payload(3)]));
  expect(await node.waiting()).toEqual({
    'claude:prose': 1,
    'local/llama3:8b:factual_lookup': 1,
    'gpt-4o:code_generation': 1,
  });
  const dry = await node.call('POST', '/v1/names', JSON.stringify({ models: { 'gpt-*': 'gpt' } }));
  expect(dry.json).toMatchObject({
    catalogue: null,
    listed: 0,
    unlisted: 3,
    keys: expect.arrayContaining([
      { key: 'gpt-4o:code_generation', waiting: 1, counts_as: 'gpt:code_generation', verdict: 'no_catalogue' },
    ]),
  });
  expect(await node.call('POST', '/v1/names', JSON.stringify({ models: { a: 1 } }))).toMatchObject({
    status: 422,
    json: { path: 'models.a' },
  });
  // Nothing has changed; a start with other names renames what waits.
  expect(await node.waiting()).toHaveProperty(['gpt-4o:code_generation'], 1);
  await node.stop();
  await node.start({ SECAGG_ALIASES_FILE: aliasesFile('{"models":{"gpt-*":"gpt"}}') });
  for (;;) {
    const waiting = await node.waiting();
    if ('gpt:code_generation' in waiting) break;
  }
  expect(await node.waiting()).toEqual({
    'claude:prose': 1,
    'local/llama3:8b:factual_lookup': 1,
    'gpt:code_generation': 1,
  });
});

it('does not start with aliases that are none', async () => {
  await expect(node.start({ SECAGG_ALIASES_FILE: aliasesFile('{"models":{"a":"*"}}') })).rejects.toThrow(
    /aliasesFile \(SECAGG_ALIASES_FILE\)/,
  );
});
