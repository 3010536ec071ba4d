/** The node's own HTTP interface, with a coordinator that cannot be reached. */
import { join } from 'node:path';
import { RouterNodeClient } from '@secagg/client';
import { documentedOperations, operationsOf } from '@secagg/testbed/operations';
import { pino } from 'pino';
import { request } from 'undici';
import { readConfig } from '../src/config';
import { type RunningNode, startNode } from '../src/start';
import { DatabaseInUse } from '@secagg/journal/sqlite';
import { TestFleet } from './support/fleet';
import { lockedBy } from '@secagg/testbed/lock';
import { observationProgram } from './support/node-process';

jest.setTimeout(60_000);

let fleet: TestFleet;
let node: RunningNode | undefined;

beforeEach(() => {
  fleet = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
});
afterEach(async () => {
  await node?.stop();
  node = undefined;
  fleet.remove();
});

const environment = (overrides: Record<string, string> = {}) =>
  fleet.environment('router-0', 9, { SECAGG_LOG_LEVEL: 'silent', ...overrides });
const boot = async (overrides?: Record<string, string>) =>
  startNode(
    readConfig(environment(overrides)),
    {
      logger: pino({ level: 'silent' }),
      onFailure: (error) => {
        throw error;
      },
    },
    await observationProgram(),
  );
const start = async (overrides?: Record<string, string>): Promise<void> => {
  node = await boot(overrides);
};

async function call(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: string | Uint8Array,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) {
  const answer = await request(`http://127.0.0.1:${node?.port}${path}`, {
    method,
    headers: body === undefined ? {} : headers,
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.body.text();
  const type = String(answer.headers['content-type'] ?? '');
  return {
    status: answer.statusCode,
    type,
    text,
    json: type.includes('json') ? (JSON.parse(text) as Record<string, unknown>) : undefined,
  };
}
const waiting = async () => ((await call('GET', '/v1/status')).json?.observations as { waiting: number }).waiting;
const row = { model: 'm', task: 't', success: true, latency_s: 0.5 };
const signal = (fields: object = {}) =>
  JSON.stringify({
    schema_version: 1,
    aggregation_round: 1,
    cluster_hash: fleet.cluster,
    participant_count: 1,
    timestamp: '2026-01-01T00:00:00Z',
    reward_signals: { 'm:t': { success_rate: 1, avg_latency: 1, total_samples: 3 } },
    ...fields,
  });

it('takes observations before the coordinator is there, one, many or by line, and keeps them over a restart', async () => {
  await start();
  expect(await call('POST', '/v1/observations', JSON.stringify(row))).toMatchObject({
    status: 202,
    json: { accepted: 1 },
  });
  expect(await call('POST', '/v1/observations', JSON.stringify([row, row]))).toMatchObject({
    status: 202,
    json: { accepted: 2 },
  });
  expect(
    await call('POST', '/v1/observations', `${JSON.stringify(row)}\n${JSON.stringify(row)}\n`, {
      'content-type': 'application/x-ndjson',
    }),
  ).toMatchObject({ json: { accepted: 2 } });
  await node?.stop();
  await start();
  expect(await waiting()).toBe(5);
  expect((await call('GET', '/readyz/store')).json).toEqual({ status: 'ready' });
  expect((await call('GET', '/readyz')).json).toMatchObject({ status: 503, code: 'unavailable', fleet_known: false });
  expect((await call('GET', '/v1/status')).json).toMatchObject({
    id: 'router-0',
    fleet: null,
    privacy: null,
    coordinator: { reachable: false },
  });
});

it('keeps the good rows of a batch and says what is wrong with the others', async () => {
  await start();
  const mixed = await call('POST', '/v1/observations', JSON.stringify([row, { ...row, quality: 2 }, null, row]));
  expect(mixed).toMatchObject({
    status: 202,
    json: {
      accepted: 2,
      skipped: {},
      rejected: [
        { index: 1, code: 'invalid', path: 'quality', message: expect.stringContaining('quality') },
        { index: 2, code: 'invalid' },
      ],
    },
  });
  expect(await call('POST', '/v1/observations', JSON.stringify({ ...row, extra: 1 }))).toMatchObject({
    status: 202,
    json: { accepted: 0, rejected: [{ index: 0, code: 'invalid', path: 'extra' }] },
  });
  expect(await waiting()).toBe(2);
  const { text } = await call('GET', '/metrics');
  expect(text).toContain('router_ingest_rows_total{source="observations",outcome="accepted",reason=""} 2');
  expect(text).toContain('router_ingest_rows_total{source="observations",outcome="rejected",reason="invalid"} 3');
});

it('says what is held to a bound or lost, in the answer, the status and the metrics, without its value', async () => {
  await start();
  const slow = { ...row, latency_s: 1487.5, requester: 'somebody' };
  const rows = [slow, slow, slow, { ...row, cost_usd: 0.777, tokens: 3 }, { ...row, cost_usd: 0.777 }];
  const { json } = await call('POST', '/v1/observations', JSON.stringify(rows.slice(0, 3)));
  expect(json).toMatchObject({ accepted: 3, clipped: { latency_s: { 'm:t': 3 } } });
  expect(json?.warnings).toEqual([expect.stringMatching(/^latency_s: .*milliseconds/)]);
  expect((await call('POST', '/v1/observations', JSON.stringify(rows.slice(3)))).json).toEqual({
    accepted: 2,
    skipped: {},
    rejected: [],
    clipped: { cost_usd: { 'm:t': 1 } },
    dropped: { cost_usd: { 'm:t': 1 } },
  });
  const status = await call('GET', '/v1/status');
  expect(status.json?.values).toMatchObject({
    bounds: { latency_s: 60, cost_usd_per_token: 1e-4 },
    bounds_known: false,
    clipped: { latency_s: { 'm:t': 3 }, cost_usd: { 'm:t': 1 } },
    dropped: { cost_usd: { 'm:t': 1 } },
  });
  const { text } = await call('GET', '/metrics');
  // No catalogue is known yet, so no key is a label.
  expect(text).toContain('router_values_clipped_total{field="latency_s",key="unlisted"} 3');
  expect(text).toContain('router_values_dropped_total{field="cost_usd",key="unlisted"} 1');
  expect(`${status.text}${text}`).not.toMatch(/1487|0\.777|somebody/);
});

it('refuses a batch with one bad row as a whole where that is asked for, as a problem that says where', async () => {
  await start();
  const bad = JSON.stringify([row, { ...row, quality: 2 }]);
  expect(await call('POST', '/v1/observations?atomic=maybe', bad)).toMatchObject({
    status: 422,
    json: { path: 'atomic' },
  });
  const refused = await call('POST', '/v1/observations?atomic=true', bad);
  expect(refused).toMatchObject({
    status: 422,
    type: 'application/problem+json',
    json: { type: 'urn:secagg:problem:invalid', code: 'invalid', status: 422, index: 1, path: 'quality' },
  });
  expect(await waiting()).toBe(0);
});

it.each([
  ['another content type', 'x', { 'content-type': 'text/plain' }, 400, 'malformed'],
  ['no content type', 'x', {}, 400, 'malformed'],
  ['a body that is no JSON', '{', { 'content-type': 'application/json' }, 400, 'malformed'],
  [
    'a compressed body that does not unpack',
    '{}',
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    400,
    'malformed',
  ],
  [
    'a compression that it does not know',
    '{}',
    { 'content-type': 'application/json', 'content-encoding': 'nonsense' },
    400,
    'malformed',
  ],
  ['a body past the limit', ' '.repeat(17 * 1024 * 1024), { 'content-type': 'application/json' }, 413, 'too_large'],
  [
    'an idempotency key past the limit',
    '{}',
    { 'content-type': 'application/json', 'idempotency-key': 'k'.repeat(256) },
    422,
    'invalid',
  ],
])('refuses %s', async (_, body, headers, status, code) => {
  await start();
  expect(await call('POST', '/v1/observations', body, headers)).toMatchObject({ status, json: { code } });
});

it('counts a batch under an idempotency key once, and refuses another one under it', async () => {
  await start();
  const headers = { 'content-type': 'application/json', 'idempotency-key': 'a-key' };
  for (let i = 0; i < 2; i++)
    expect(await call('POST', '/v1/observations', JSON.stringify([row]), headers)).toMatchObject({
      status: 202,
      json: { accepted: 1 },
    });
  expect(await call('POST', '/v1/observations', JSON.stringify([row, row]), headers)).toMatchObject({
    status: 409,
    json: { code: 'duplicate' },
  });
  expect(await waiting()).toBe(1);
});

it('takes a ready signal only where whole routers are protected', async () => {
  await start();
  expect(await call('PUT', '/v1/signal', signal())).toMatchObject({ status: 403, json: { code: 'policy' } });
  await node?.stop();
  await start({ SECAGG_PRIVACY_UNIT: 'router' });
  expect((await call('PUT', '/v1/signal', signal())).status).toBe(204);
  expect(await call('PUT', '/v1/signal', signal({ cluster_hash: 'abcdef0123456789' }))).toMatchObject({
    status: 403,
    json: { code: 'policy' },
  });
  expect(await call('PUT', '/v1/signal', signal({ participant_count: 0 }))).toMatchObject({
    status: 422,
    json: { code: 'invalid', path: 'participant_count' },
  });
});

it('answers what is not there with a problem', async () => {
  await start();
  expect(await call('GET', '/v1/signal')).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(await call('GET', '/nowhere')).toMatchObject({ status: 404, json: { code: 'not_found' } });
});

it('takes a read of what is not there for no failure', async () => {
  await start();
  const unknown: Record<string, string> = {
    cluster: 'ffffffffffffffff',
    round: '7',
    kind: 'none',
    party: 'p',
    serial: '1',
  };
  const { paths } = (await call('GET', '/openapi.json')).json as unknown as { paths: Record<string, { get?: object }> };
  const reads = Object.entries(paths).flatMap(([path, { get }]) => (get && path.includes('{') ? [path] : []));
  expect(reads.length).toBeGreaterThanOrEqual(3);
  for (const path of [...reads, '/v1/signal', '/nowhere']) {
    const { status, json } = await call(
      'GET',
      path.replace(/\{(\w+)\}/g, (_, name: string) => unknown[name]),
    );
    expect([path, status, json?.code]).toEqual([path, 404, 'not_found']);
  }
  const { text } = await call('GET', '/metrics');
  expect(text).toMatch(/^secure_agg_failures_total\{/m);
  expect(text).not.toMatch(/^(secure_agg_failures_total\{.*\}|federation_(failed|malformed)\S*) [1-9]/m);
});

it('waits for a locked database without keeping others waiting', async () => {
  await start();
  const client = new RouterNodeClient({ url: `http://127.0.0.1:${node?.port}` });
  const release = await lockedBy(join(fleet.folder, 'router-0-data', 'router.db'));
  const put = client.putFleet(fleet.documents, { attempts: 1 });
  // The database is released only after these: a request that held up the event loop would be refused first.
  for (let i = 0; i < 3; i++) expect((await call('GET', '/healthz')).status).toBe(200);
  await release();
  await put;
  expect((await call('GET', '/v1/status')).json).toMatchObject({ fleet: expect.any(String) as unknown });
  await client.close();
});

it('counts what it refused, without naming anybody', async () => {
  await start();
  await call('POST', '/v1/observations', '{');
  const { text } = await call('GET', '/metrics');
  expect(text).toContain('secure_agg_failures_total{reason="validation_error"} 1');
  expect(text).toContain('federation_malformed_messages 1');
  expect(text).not.toContain('router-0');
});

it('does not run twice over one data directory', async () => {
  await start();
  await expect(boot()).rejects.toBeInstanceOf(DatabaseInUse);
});

it('does not start with a secret key that others can read', async () => {
  const { chmodSync } = await import('node:fs');
  chmodSync(join(fleet.folder, 'router-0.key'), 0o644);
  await expect(boot()).rejects.toThrow('SECAGG_IDENTITY_KEY_FILE');
});

describe('who may call', () => {
  const at = (path: string, headers: Record<string, string>, method: 'GET' | 'POST' = 'GET') =>
    request(`http://127.0.0.1:${node?.port}${path}`, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: JSON.stringify([row]) } : {}),
    }).then(async ({ statusCode, headers: answered, body }) => ({
      status: statusCode,
      challenge: answered['www-authenticate'],
      json: JSON.parse(await body.text()) as { code?: string; detail?: string },
    }));

  it('is no foreign web page: neither by a name of its own nor from another origin', async () => {
    await start();
    const foreign: Record<string, string>[] = [
      { host: 'evil.example' },
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign) {
      expect(await at('/v1/observations', headers, 'POST')).toMatchObject({
        status: 403,
        json: { code: 'foreign_request' },
      });
      for (const path of ['/v1/status', '/v1/budget/history', '/v1/signal', '/metrics', '/healthz', '/nowhere'])
        expect(await at(path, headers)).toMatchObject({ status: 403, json: { code: 'foreign_request' } });
    }
    expect(await waiting()).toBe(0);
    expect((await at('/v1/observations', { host: 'localhost:8500' }, 'POST')).status).toBe(202);
    const { text } = await call('GET', '/metrics');
    expect(text).toContain(`secure_agg_failures_total{reason="unauthorized"} ${7 * foreign.length}`);
  });

  it('may use names that are listed', async () => {
    await start({ SECAGG_ALLOWED_HOSTS: 'router.internal' });
    expect((await at('/v1/status', { host: 'router.internal:8500' })).status).toBe(200);
    for (const name of ['https://router.internal', 'router.internal:8500', '*.internal'])
      expect(() => readConfig(environment({ SECAGG_ALLOWED_HOSTS: name }))).toThrow('SECAGG_ALLOWED_HOSTS');
  });

  it('may use addresses in a container, and names once they are listed', async () => {
    await start({ SECAGG_HOST: '0.0.0.0' });
    for (const host of ['10.1.2.3:8500', '[fd00::1]:8500', 'localhost:8500'])
      expect((await at('/v1/observations', { host }, 'POST')).status).toBe(202);
    expect(await at('/v1/observations', { host: 'router-node:8500' }, 'POST')).toMatchObject({
      status: 403,
      json: { code: 'foreign_request', detail: expect.stringContaining('SECAGG_ALLOWED_HOSTS') as unknown },
    });
    await node?.stop();
    await start({ SECAGG_HOST: '0.0.0.0', SECAGG_ALLOWED_HOSTS: 'router-node' });
    expect((await at('/v1/observations', { host: 'router-node:8500' }, 'POST')).status).toBe(202);
  });

  it('shows the token, where there is one; probes need none', async () => {
    const { writeFileSync } = await import('node:fs');
    const file = join(fleet.folder, 'token');
    writeFileSync(file, 'correct-horse-battery\n', { mode: 0o600 });
    await start({ SECAGG_TOKEN_FILE: file });
    for (const authorization of ['', 'Bearer wrong', 'Basic Y29ycmVjdA==']) {
      for (const path of ['/v1/status', '/metrics', '/openapi.json'])
        expect(await at(path, { authorization })).toMatchObject({
          status: 401,
          challenge: 'Bearer',
          json: { code: 'bad_token' },
        });
      expect((await at('/v1/observations', { authorization }, 'POST')).status).toBe(401);
      for (const path of ['/healthz', '/readyz']) expect((await at(path, { authorization })).status).not.toBe(401);
    }
    const authorization = 'Bearer correct-horse-battery';
    expect((await at('/v1/observations', { authorization }, 'POST')).status).toBe(202);
    const client = new RouterNodeClient({ url: `http://127.0.0.1:${node?.port}`, token: 'correct-horse-battery' });
    expect((await client.status()).observations.waiting).toBe(1);
    await client.close();
  });

  it('is whoever may open its Unix socket', async () => {
    const { existsSync } = await import('node:fs');
    const socket = join(fleet.folder, 'node.sock');
    await start({ SECAGG_SOCKET_PATH: socket });
    expect(node?.port).toBe(0);
    const client = new RouterNodeClient({ url: `unix:${socket}` });
    await client.postObservations([row]);
    expect((await client.status()).observations.waiting).toBe(1);
    await client.close();
    await node?.stop();
    node = undefined;
    expect(existsSync(socket)).toBe(false);
  });
});

it('describes every operation with the schemas of its parameters and bodies', async () => {
  await start();
  const { paths, components } = (await call('GET', '/openapi.json')).json as unknown as {
    paths: Record<string, Record<string, { parameters: { name: string; schema: object }[]; requestBody?: object }>>;
    components: { schemas: Record<string, { properties?: object }> };
  };
  expect(paths['/v1/budget/history'].get.parameters.map(({ name }) => name)).toEqual(['limit', 'before']);
  expect(paths['/v1/budget/history'].get.parameters[0].schema).toMatchObject({ minimum: 1, maximum: 1000 });
  expect(JSON.stringify(paths['/v1/observations'].post.requestBody)).toContain('latency_s');
  expect(Object.keys(components.schemas['decision-proof'].properties ?? {})).not.toEqual([]);
});

it('serves exactly the operations that docs/protocol.md lists', async () => {
  await start();
  const { paths } = (await call('GET', '/openapi.json')).json as unknown as Parameters<typeof operationsOf>[0];
  expect(operationsOf({ paths })).toEqual(documentedOperations('Router-node'));
});
