/** The HTTP layer with operations that take their time: what is refused, and that everything taken is given back. */
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { type ProblemCode, SecaggError } from '@secagg/schema';
import { listen, portOf } from '@secagg/testbed/ports';
import { until } from '@secagg/testbed/wait';
import { Pool } from 'undici';
import { z } from 'zod';
import { Admission } from './admission';
import { type Content } from './content';
import { refusingEarly } from './early-refusal';
import { limitsSchema } from './limits';
import { type Operation, type Reply } from './operation';
import { noContent } from './reply';
import { createListener } from './serve';
import { WorkQueue } from './work-queue';

let server: Server;
let pool: Pool;
let waiting: ((reply: Reply) => void)[];
let aborted: number;
/** Bytes of bodies that were taken so far. */
let holding: number;
const problems: SecaggError[] = [];
/** Codes of those that count as failures. */
const failures: string[] = [];
let durable: Promise<void>;

const held = (signal: AbortSignal): Promise<Reply> => {
  signal.addEventListener('abort', () => {
    aborted += 1;
  });
  return new Promise((resolve) => waiting.push(resolve));
};
const bytes: Content = { type: 'application/octet-stream' };
const operations: Operation[] = [
  {
    id: 'post',
    method: 'post',
    path: '/post',
    summary: '',
    request: [bytes],
    replies: {},
    handle: async (call) => {
      await call.body(2 * 1024 * 1024);
      return held(call.signal);
    },
  },
  {
    id: 'vote',
    method: 'post',
    path: '/vote',
    summary: '',
    request: [bytes],
    urgent: true,
    replies: {},
    handle: async (call) => {
      await call.body(1000);
      return noContent;
    },
  },
  {
    id: 'poll',
    method: 'get',
    path: '/poll',
    summary: '',
    query: { router: z.string().optional() },
    waits: 'router',
    replies: {},
    handle: (call) => held(call.signal),
  },
  ...(['get', 'post'] as const).map(
    (method): Operation => ({
      id: `${method}-refused`,
      method,
      path: '/refused/:code',
      params: { code: z.string() },
      summary: '',
      ...(method === 'post' ? { request: [bytes] } : {}),
      replies: {},
      handle: ({ params }) => Promise.reject(new SecaggError(params.code as ProblemCode, 'refused')),
    }),
  ),
  { id: 'get', method: 'get', path: '/get', summary: '', replies: {}, handle: async () => noContent },
  { id: 'alive', method: 'get', path: '/alive', summary: '', always: true, replies: {}, handle: async () => noContent },
];

async function start(overrides: object, connections = 16): Promise<void> {
  [waiting, aborted, holding, durable] = [[], 0, 0, Promise.resolve()];
  problems.length = 0;
  failures.length = 0;
  const limits = { ...limitsSchema().parse(undefined), ...overrides };
  const admission = new Admission(limits, () => performance.now());
  const reserve = admission.reserveBytes.bind(admission);
  admission.reserveBytes = (length) => {
    reserve(length);
    holding += length;
  };
  const listener = createListener(operations, {
    fresh: () => Promise.resolve(),
    reading: () => () => durable,
    onProblem: (problem, _cause, _operation, counts) => {
      problems.push(problem);
      if (counts) failures.push(problem.code);
    },
    access: { allowedHosts: ['x'] },
    closing: new AbortController().signal,
    admission,
    queue: new WorkQueue(),
    limits,
  });
  server = createServer(refusingEarly(operations, admission, listener, (problem) => problems.push(problem)));
  await listen(server);
  pool = new Pool(`http://127.0.0.1:${portOf(server)}`, { connections, pipelining: 1 });
}
afterEach(async () => {
  await pool.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const call = async (method: 'GET' | 'POST', path: string, body?: Buffer) => {
  const reply = await pool.request({
    method,
    path,
    ...(body ? { body, headers: { 'content-type': bytes.type } } : {}),
  });
  return {
    status: reply.statusCode,
    retryAfter: reply.headers['retry-after'],
    connection: reply.headers.connection,
    code: ((await reply.body.text()).match(/"code":"(\w+)"/) ?? [])[1],
  };
};
const finish = (): void => {
  for (const resolve of waiting.splice(0)) resolve(noContent);
};

it('turns requests away while as many are at work as may be, keeps their connections, and takes them again after', async () => {
  await start({ requestsAtWork: 2 });
  const two = [call('POST', '/post', Buffer.alloc(10)), call('POST', '/post', Buffer.alloc(10))];
  await until(() => waiting.length === 2);
  for (const path of ['/post', '/get']) {
    const refused = await call(
      path === '/post' ? 'POST' : 'GET',
      path,
      path === '/post' ? Buffer.alloc(20_000) : undefined,
    );
    expect(refused).toMatchObject({ status: 503, code: 'unavailable', retryAfter: '1', connection: 'keep-alive' });
  }
  expect((await call('GET', '/alive')).status).toBe(204);
  expect((await call('POST', '/vote', Buffer.alloc(10))).status).toBe(204);
  finish();
  expect((await Promise.all(two)).map(({ status }) => status)).toEqual([204, 204]);
  expect((await call('GET', '/get')).status).toBe(204);
});

it('holds no more bytes than it may, and gives back those of senders that have gone', async () => {
  await start({ bodyBytes: 1024 * 1024 });
  const port = portOf(server);
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `POST /post HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${2 * 1024 * 1024}\r\n\r\n`,
  );
  socket.write(Buffer.alloc(900_000));
  await until(() => holding === 900_000);
  expect(await call('POST', '/post', Buffer.alloc(200_000))).toMatchObject({ status: 503, code: 'unavailable' });
  socket.destroy();
  await until(() => problems.some(({ code }) => code === 'malformed'));
  const taken = call('POST', '/post', Buffer.alloc(1_000_000));
  await until(() => waiting.length > 0);
  finish();
  expect((await taken).status).toBe(204);
});

it('refuses a body that comes too slowly', async () => {
  await start({ bodyGraceMs: 100, bodyBytesPerSecond: 1024 * 1024 });
  const port = portOf(server);
  const socket = connect(port, '127.0.0.1');
  socket.write(
    'POST /post HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 100\r\n\r\nonly this',
  );
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString();
  });
  await until(() => answer.includes('too_slow'));
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  socket.destroy();
});

it('gives a request up when its time is over, and tells its handler', async () => {
  await start({ requestTimeoutMs: 100 });
  expect(await call('POST', '/post', Buffer.alloc(1))).toMatchObject({ status: 503, code: 'unavailable' });
  expect(aborted).toBe(1);
  durable = new Promise(() => undefined);
  expect(await call('GET', '/get')).toMatchObject({ status: 503, code: 'unavailable' });
});

it('lets a router wait as often as it may, and no address ask without end', async () => {
  await start({ waitsPerRouter: 1, perAddressPerSecond: 1, perAddressBurst: 5 });
  const first = call('GET', '/poll?router=r1');
  await until(() => waiting.length === 1);
  expect(await call('GET', '/poll?router=r1')).toMatchObject({ status: 429, code: 'overloaded', retryAfter: '5' });
  const second = call('GET', '/poll?router=r2');
  await until(() => waiting.length === 2);
  finish();
  expect([(await first).status, (await second).status]).toEqual([204, 204]);
  const statuses = await Promise.all(Array.from({ length: 6 }, async () => (await call('GET', '/get')).status));
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(3);
});

describe('what counts as a failure', () => {
  const codes: ProblemCode[] = [
    'no_round',
    'not_found',
    'no_decision',
    'stale_round',
    'invalid',
    'unavailable',
    'internal',
  ];

  it('is no read of what is not there, or not yet, but what is sent for it', async () => {
    await start({});
    for (const code of codes) await call('GET', `/refused/${code}`);
    await call('GET', '/nowhere');
    expect(problems).toHaveLength(codes.length + 1);
    expect(failures).toEqual(['invalid', 'unavailable', 'internal']);
    for (const code of codes) await call('POST', `/refused/${code}`, Buffer.alloc(1));
    await call('POST', '/nowhere', Buffer.alloc(1));
    expect(failures.slice(3)).toEqual([...codes, 'not_found']);
  });
});
