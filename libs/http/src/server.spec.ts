/** A whole server: what becomes of requests that no operation takes, and of connections when it closes. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { problems, type SecaggError } from '@secagg/schema';
import { request } from 'undici';
import { limitsSchema } from './limits';
import { defineOperation, type Operation } from './operation';
import { integerText } from './parameters';
import { jsonReply, noContent } from './reply';
import { createHttpServer, type HttpServer } from './server';

const CBOR: Operation['request'] = [{ type: 'application/cbor' }];
const operations: Operation[] = [
  defineOperation({
    id: 'get-item',
    method: 'get',
    path: '/v1/items/:item',
    summary: '',
    params: { item: integerText(1, 100) },
    query: { limit: integerText(1, 10).default(5) },
    replies: {},
    handle: async ({ params: { item }, query: { limit } }) => jsonReply({ item, limit }),
  }),
  defineOperation({
    id: 'put-item',
    method: 'put',
    path: '/v1/items/:item',
    summary: '',
    params: { item: integerText(1, 100) },
    request: CBOR,
    replies: {},
    handle: async (call) => {
      await call.body(1000);
      return noContent;
    },
  }),
  defineOperation({
    id: 'post-item',
    method: 'post',
    path: '/v1/items',
    summary: '',
    request: CBOR,
    replies: {},
    handle: async () => noContent,
  }),
];

let server: HttpServer;
let port: number;
let sockets: Socket[];
const refused: SecaggError[] = [];

const start = async (overrides: object = {}): Promise<void> => {
  refused.length = 0;
  sockets = [];
  server = createHttpServer(operations, {
    onProblem: (problem) => refused.push(problem),
    access: { allowedHosts: ['X'] },
    closing: new AbortController().signal,
    limits: limitsSchema().parse(overrides),
    largestBodyBytes: 1000,
  });
  ({ port } = (await server.listen({ port: 0, host: '127.0.0.1' })) as { port: number });
};
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await server.close(0);
});

async function call(method: string, path: string) {
  const answer = await request(`http://127.0.0.1:${port}${path}`, { method: method as 'GET' });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, json: text === '' ? undefined : JSON.parse(text) };
}

/** Opens a connection, sends the text and resolves with all that comes back once the server ends it. */
async function open(text: string): Promise<{ socket: Socket; ended: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  const ended = once(socket, 'close').then(() => Buffer.concat(chunks).toString());
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return { socket, ended };
}

describe('a request that no operation takes', () => {
  beforeEach(() => start());

  it.each([
    ['POST', '/v1/items/1', 'GET, HEAD, PUT'],
    ['DELETE', '/v1/items/1', 'GET, HEAD, PUT'],
    ['GET', '/v1/items', 'POST'],
  ])('gets 405 for %s %s, with the methods that it may use', async (method, path, allow) => {
    expect(await call(method, path)).toMatchObject({
      status: 405,
      headers: { allow },
      json: { code: 'method_not_allowed', status: 405 },
    });
  });

  it('learns the methods of a path by OPTIONS, and may ask for a head alone', async () => {
    expect(await call('OPTIONS', '/v1/items/1')).toMatchObject({ status: 204, headers: { allow: 'GET, HEAD, PUT' } });
    expect(await call('HEAD', '/v1/items/1')).toMatchObject({ status: 200, json: undefined });
    expect(refused).toEqual([]);
  });

  it.each(['/V1/items/1', '/v1/Items/1', '/v1/items/1/', '/v1//items/1', '/nowhere', '/'])(
    'gets 404 for %s: paths are as they are written',
    async (path) => {
      expect(await call('GET', path)).toMatchObject({ status: 404, json: { code: 'not_found' } });
    },
  );

  it.each([
    ['limit[]=1', 'limit[]'],
    ['limit=1&limit=2', 'limit'],
    ['limits=1', 'limits'],
    ['limit=0', 'limit'],
    ['limit=1e1', 'limit'],
    ['limit=', 'limit'],
    ['limit=%2B1', 'limit'],
    ['__proto__=1', '__proto__'],
  ])('gets 422 for the query %s, with the name of the parameter', async (query, path) => {
    expect(await call('GET', `/v1/items/1?${query}`)).toMatchObject({ status: 422, json: { code: 'invalid', path } });
  });

  it.each(['0', '101', '1.5', '-1', '0x1', 'x', '%31%30%31'])('gets 422 for the item %s', async (item) => {
    expect(await call('GET', `/v1/items/${item}`)).toMatchObject({
      status: 422,
      json: { code: 'invalid', path: 'item' },
    });
  });

  it('gets 400 for a path that cannot be decoded, under a title that does not speak of a body', async () => {
    const answer = await call('GET', '/v1/items/%ff');
    expect(answer).toMatchObject({ status: 400, json: { code: 'malformed', detail: 'the path cannot be decoded' } });
    expect(answer.json.title).not.toContain('body');
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 'malformed'],
    ['a head past the limit', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 'too_large'],
    [
      'two lengths',
      'POST /v1/items HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      'malformed',
    ],
    ['a wish to be connected elsewhere', 'CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n', 'method_not_allowed'],
    ['an expectation that it does not know', 'GET / HTTP/1.1\r\nhost: x\r\nexpect: tea\r\n\r\n', 'malformed'],
  ] as const)('gets a problem with its code for %s', async (_what, text, code) => {
    const { ended } = await open(text);
    const answer = await ended;
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${problems[code].status} `));
    expect(answer).toContain('content-type: application/problem+json');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ code, status: problems[code].status });
    expect(refused.map((problem) => problem.code)).toEqual([code]);
  });
});

it('tells a sender that is too slow with its head so, and ends a connection that sends nothing', async () => {
  await start({ headersTimeoutMs: 100 });
  const slow = await open('GET / HTTP/1.1\r\nhost: x\r\n');
  const silent = await open('');
  expect(await slow.ended).toMatch(/^HTTP\/1.1 408 .*"code":"too_slow"/s);
  expect(await silent.ended).toBe('');
  expect(refused.map(({ code }) => code)).toEqual(['too_slow']);
});

it('keeps idle connections for longer than proxies commonly do', async () => {
  await start();
  const [, seconds] = /timeout=(\d+)/.exec(String((await call('GET', '/v1/items/1')).headers['keep-alive'])) ?? [];
  expect(Number(seconds)).toBeGreaterThan(600);
});

describe('closing', () => {
  const HALF_HEAD = 'GET /v1/items/1 HTTP/1.1\r\nhost: x\r\n';
  const HALF_BODY = 'PUT /v1/items/1 HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n12345';

  it('ends connections that have sent nothing, or half a head, at once, however long the grace is', async () => {
    await start();
    const all = await Promise.all([open(''), open(HALF_HEAD)]);
    await call('GET', '/v1/items/1');
    await server.close(3_600_000);
    for (const { ended } of all) expect(await ended).toBe('');
  });

  it('ends a request whose body does not come once the grace is over', async () => {
    await start();
    const { ended } = await open(HALF_BODY);
    await call('GET', '/v1/items/1');
    await server.close(50);
    expect(await ended).not.toContain(' 204 ');
  });
});
