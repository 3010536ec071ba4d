import { createServer, type Server } from 'node:http';
import { listen, portOf } from '@secagg/testbed/ports';
import { request } from 'undici';
import { Proxy } from './proxy';

describe('the proxy', () => {
  const seen: string[] = [];
  let proxy: Proxy;
  let server: Server;
  /** Answers in full, or dies in the middle of its answer. */
  let answersInFull = true;

  beforeAll(async () => {
    server = createServer((incoming, response) => {
      if (!answersInFull) {
        response.writeHead(200, { 'content-length': 10 });
        response.write('half', () => response.destroy());
        return;
      }
      incoming
        .resume()
        .on('end', () =>
          response
            .writeHead(incoming.url === '/nothing' ? 204 : 201, { 'x-kept': 'yes' })
            .end(incoming.url === '/nothing' ? undefined : 'receipt'),
        );
    });
    await listen(server);
    proxy = await Proxy.start({
      asked: ({ method, path, body }) => void seen.push(`${method} ${path} ${body.toString()}`),
      answered: (_exchange, { status, body }) => void seen.push(`${status} ${body.toString()}`),
    });
  });
  beforeEach(() => {
    seen.length = 0;
    answersInFull = true;
    proxy.target = `http://127.0.0.1:${portOf(server)}`;
  });
  afterAll(async () => {
    await proxy.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const post = (path: string) => request(`${proxy.url}${path}`, { method: 'POST', body: 'bytes' });

  it('passes on what is asked and answered, and tells both', async () => {
    const reply = await post('/v1/x?y=1');
    expect([reply.statusCode, reply.headers['x-kept'], await reply.body.text()]).toEqual([201, 'yes', 'receipt']);
    expect((await post('/nothing')).statusCode).toBe(204);
    expect(seen).toEqual(['POST /v1/x?y=1 bytes', '201 receipt', 'POST /nothing bytes', '204 ']);
  });

  it('ends the connection where the coordinator is away, or dies before it has answered in full', async () => {
    proxy.target = undefined;
    await expect(post('/away')).rejects.toThrow();
    proxy.target = `http://127.0.0.1:${portOf(server)}`;
    answersInFull = false;
    await expect(post('/half')).rejects.toThrow();
    expect(seen).toEqual(['POST /away bytes', 'POST /half bytes']);
  });
});
