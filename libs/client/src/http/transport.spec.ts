import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { SecaggError } from '@secagg/schema';
import { listen, portOf } from '@secagg/testbed/ports';
import { type Request, Transport, type TransportOptions } from './transport';

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

let server: Server;
let transport: Transport;
let count = 0;

async function serve(handler: Handler, options: Partial<TransportOptions> = {}): Promise<void> {
  count = 0;
  server = createServer((request, response) => handler(request, response, ++count));
  const url = await listen(server);
  transport = new Transport({
    url,
    name: 'coordinator',
    timeoutMs: 2000,
    backoff: { firstMs: 1, mostMs: 5 },
    ...options,
  });
}

afterEach(async () => {
  await transport.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const port = () => portOf(server);
const get: Request = { method: 'GET', path: '/x', maxBytes: 1000, idempotent: true };
const problem = (response: ServerResponse, status: number, body: object) => {
  response.writeHead(status, { 'content-type': 'application/problem+json; charset=utf-8' });
  response.end(JSON.stringify(body));
};
const codeOf = (promise: Promise<unknown>): Promise<SecaggError> =>
  promise.then(
    () => Promise.reject(new Error('did not throw')),
    (error: unknown) => (error instanceof SecaggError ? error : Promise.reject(error)),
  );

describe('transport', () => {
  it('puts the prefix of the service before every path, and sends credentials as Basic authentication', async () => {
    await serve((request, response) => response.end(`${request.url} ${request.headers.authorization}`));
    const here = new Transport({ url: `http://al%3fce:p%40ss@127.0.0.1:${port()}/gw/secagg/`, name: 'coordinator' });
    const { body } = await here.send({ ...get, query: { a: 1 } });
    expect(Buffer.from(body).toString()).toBe(`/gw/secagg/x?a=1 Basic ${Buffer.from('al?ce:p@ss').toString('base64')}`);
    await here.close();
  });

  it('sends query, headers and body, and gives the bytes of the answer', async () => {
    await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () =>
        response.end(
          `${request.method} ${request.url} ${request.headers['content-type']} ${Buffer.concat(chunks).toString('hex')}`,
        ),
      );
    });
    const reply = await transport.send({
      method: 'POST',
      path: '/a',
      query: { b: 'c d&e', none: undefined, n: 1 },
      body: Uint8Array.of(1, 2, 255),
      headers: { 'content-type': 'application/cbor' },
      maxBytes: 100,
      idempotent: false,
    });
    expect(Buffer.from(reply.body).toString()).toBe('POST /a?b=c+d%26e&n=1 application/cbor 0102ff');
  });

  it('turns a problem into the error it was made from', async () => {
    await serve((_, response) =>
      problem(response, 409, {
        type: 'urn:secagg:problem:duplicate',
        title: 't',
        status: 409,
        detail: 'held already',
        code: 'duplicate',
        party: 'router-1',
        round: 7,
      }),
    );
    const error = await codeOf(transport.send(get));
    expect(error).toMatchObject({
      code: 'duplicate',
      message: 'held already',
      details: { party: 'router-1', round: 7, status: 409 },
    });
    expect(count).toBe(1);
  });

  it.each([
    ['a page in place of a problem', 502, '<html>', 'unavailable'],
    ['a server that has lost patience', 408, '', 'unavailable'],
    ['a refusal that is no problem', 400, 'no', 'malformed'],
  ])('%s', async (_, status, body, code) => {
    await serve(
      (_request, response) => {
        response.writeHead(status, { 'content-type': 'text/html' });
        response.end(body);
      },
      { attempts: 1 },
    );
    expect(await codeOf(transport.send(get))).toMatchObject({ code, details: { status } });
  });

  it('does not take a code that it does not know', async () => {
    await serve((_, response) => problem(response, 418, { code: 'toString' }));
    expect((await codeOf(transport.send(get))).code).toBe('malformed');
  });

  it('repeats what is idempotent until it succeeds', async () => {
    await serve((_, response, attempt) =>
      attempt < 3 ? problem(response, 503, { code: 'unavailable' }) : response.end('ok'),
    );
    expect(Buffer.from((await transport.send(get)).body).toString()).toBe('ok');
    expect(count).toBe(3);
  });

  it('does not come back before the service wants it to', async () => {
    const at: number[] = [];
    await serve((_, response, attempt) => {
      at.push(performance.now());
      if (attempt > 1) return void response.end('ok');
      response.setHeader('retry-after', '1');
      problem(response, 503, { code: 'unavailable' });
    });
    await transport.send(get);
    // The other attempts of this client are at most 5 ms apart.
    expect(at[1] - at[0]).toBeGreaterThanOrEqual(990);
  });

  it('repeats after a connection that broke in the middle of the answer', async () => {
    await serve((_, response, attempt) => {
      if (attempt > 1) return void response.end('whole');
      response.writeHead(200, { 'content-length': 100 });
      response.write('part', () => response.destroy());
    });
    expect(Buffer.from((await transport.send(get)).body).toString()).toBe('whole');
  });

  it('never repeats what is not idempotent', async () => {
    await serve((_, response) => problem(response, 503, { code: 'unavailable' }));
    expect((await codeOf(transport.send({ ...get, method: 'POST', idempotent: false }))).code).toBe('unavailable');
    expect(count).toBe(1);
  });

  it('gives up when there is no answer in time, and says so', async () => {
    await serve(() => undefined);
    const error = await codeOf(transport.send(get, { timeoutMs: 30, attempts: 1 }));
    expect(error).toMatchObject({ code: 'unavailable', details: { unreachable: true } });
    expect(error.message).toContain('30 ms');
  });

  it('throws the reason of an aborted signal, and does not try again', async () => {
    await serve(() => undefined);
    const controller = new AbortController();
    const reason = new Error('stopping');
    const sent = transport.send(get, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(sent).rejects.toBe(reason);
    await expect(transport.send(get, { signal: controller.signal })).rejects.toBe(reason);
    expect(count).toBe(1);
  });

  it.each([
    [
      'announced',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': 5000 });
        response.end(Buffer.alloc(5000));
      },
    ],
    [
      'not announced',
      (response: ServerResponse) => {
        response.write(Buffer.alloc(800));
        response.end(Buffer.alloc(800));
      },
    ],
  ])('stops reading an answer past the limit when its length is %s, and stays usable', async (_, answer) => {
    await serve((request, response) => (request.url === '/ok' ? response.end('ok') : answer(response)));
    expect((await codeOf(transport.send(get))).code).toBe('too_large');
    expect(Buffer.from((await transport.send({ ...get, path: '/ok' })).body).toString()).toBe('ok');
  });
});
