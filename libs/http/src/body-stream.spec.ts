import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { SecaggError } from '@secagg/schema';
import { listen, portOf } from '@secagg/testbed/ports';
import { until } from '@secagg/testbed/wait';
import { request } from 'undici';
import { bodyStream } from './body-stream';

const LIMIT = 300_000;
let server: Server;
let stopping: AbortController;
let pieces: number;
/** What the last body came to: its bytes, or the code of the problem. */
let outcome: Buffer | string | undefined;

beforeEach(async () => {
  [stopping, pieces, outcome] = [new AbortController(), 0, undefined];
  server = createServer((incoming, response) => {
    void (async () => {
      const bytes: Buffer[] = [];
      try {
        for await (const piece of bodyStream(incoming, LIMIT, {
          graceMs: 200,
          bytesPerSecond: 1e6,
          signal: stopping.signal,
        })) {
          pieces += 1;
          bytes.push(Buffer.from(piece));
        }
        outcome = Buffer.concat(bytes);
      } catch (error) {
        if (!(error instanceof SecaggError)) throw error;
        outcome = error.code;
      }
      if (!incoming.readableEnded) response.setHeader('connection', 'close');
      response.end(typeof outcome === 'string' ? outcome : 'taken');
    })();
  });
  await listen(server);
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const port = () => portOf(server);
const send = async (body: Uint8Array, encoding?: string): Promise<string> => {
  const headers = encoding === undefined ? {} : { 'content-encoding': encoding };
  const reply = await request(`http://127.0.0.1:${port()}/`, { method: 'POST', body, headers });
  return reply.body.text();
};
const text = Buffer.from('{"a":"é"}\n'.repeat(20_000));

it.each([
  ['as it is', undefined, text],
  ['gzip', 'gzip', gzipSync(text)],
  ['deflate', 'Deflate', deflateSync(text)],
  ['brotli', 'br', brotliCompressSync(text)],
])('gives a body %s in pieces', async (_, encoding, body) => {
  expect(await send(body, encoding)).toBe('taken');
  expect(text.equals(outcome as Buffer)).toBe(true);
  expect(pieces).toBeGreaterThan(1);
});

it.each([
  ['a body past the limit', Buffer.alloc(LIMIT + 1), undefined, 'too_large'],
  ['a small body that becomes a large one', gzipSync(Buffer.alloc(LIMIT + 1)), 'gzip', 'too_large'],
  ['what does not unpack', text, 'gzip', 'malformed'],
  ['what breaks off while it is unpacked', gzipSync(text).subarray(0, 100), 'gzip', 'malformed'],
  ['a compression that it does not know', text, 'constructor', 'malformed'],
])('refuses %s', async (_, body, encoding, code) => expect(await send(body, encoding)).toBe(code));

const begin = () => {
  const socket = connect(port(), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nthe beginning`);
  return socket;
};

it('refuses a body that comes too slowly, on the same connection', async () => {
  const socket = begin();
  let answer = '';
  socket.on('data', (data) => (answer += data.toString()));
  await until(() => answer.includes('too_slow'));
  socket.destroy();
});

it('refuses a body that breaks off', async () => {
  const socket = begin();
  await until(() => pieces === 1);
  socket.destroy();
  await until(() => outcome === 'malformed');
});

it('ends with the service', async () => {
  const socket = begin();
  await until(() => pieces === 1);
  stopping.abort();
  await until(() => outcome === 'unavailable');
  socket.destroy();
});
