import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request as forward, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { portOf } from '@secagg/testbed/ports';
import { type Dispatcher } from 'undici';
import { dispatcherTo } from './dispatcher';
import { parseServiceUrl } from './service-url';
import { Transport } from './transport';

const servers: Server[] = [];
const dispatchers: Dispatcher[] = [];
/** What the proxy was asked for. */
let asked: string[];

async function listening(server: Server, where: number | string = 0): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(where, resolve));
  return typeof where === 'string' ? 0 : portOf(server);
}
/** A forward proxy, which takes every name for this machine. */
function proxy(): Promise<number> {
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url} ${incoming.headers['proxy-authorization'] ?? ''}`.trim());
    const { port, pathname } = new URL(incoming.url as string);
    forward({ host: '127.0.0.1', port, path: pathname, headers: incoming.headers }, (answer) =>
      answer.pipe(outgoing.writeHead(answer.statusCode as number, answer.headers)),
    ).end();
  });
  server.on('connect', (incoming: IncomingMessage, socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    const through = connect(Number(incoming.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      through.pipe(socket).pipe(through);
    });
    for (const end of [through, socket]) end.on('error', () => undefined);
  });
  return listening(server);
}
const service = (): Promise<number> =>
  listening(createServer((incoming, outgoing) => outgoing.end(`here ${incoming.headers.host}`)));

async function ask(url: string, environment: Record<string, string>): Promise<string> {
  const { origin } = parseServiceUrl(url);
  const dispatcher = dispatcherTo(parseServiceUrl(url), { connections: 2 }, environment);
  dispatchers.push(dispatcher);
  const { body } = await dispatcher.request({ origin, path: '/v1/fleet', method: 'GET' });
  return body.text();
}

beforeEach(() => {
  asked = [];
});
afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((dispatcher) => dispatcher.destroy()));
  for (const server of servers) server.closeAllConnections();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

it.each(['HTTP_PROXY', 'http_proxy'])('goes through the proxy that %s names, with its credentials', async (name) => {
  const [port, proxyPort] = [await service(), await proxy()];
  const url = `http://coordinator.invalid:${port}`;
  expect(await ask(url, { [name]: `http://user:secret@127.0.0.1:${proxyPort}` })).toBe(
    `here coordinator.invalid:${port}`,
  );
  expect(asked).toEqual([`GET ${url}/v1/fleet Basic ${Buffer.from('user:secret').toString('base64')}`]);
});

it('reaches https through a tunnel', async () => {
  const [port, proxyPort] = [await service(), await proxy()];
  // The service speaks no TLS: that the proxy was asked for a tunnel is what counts.
  await expect(
    ask(`https://coordinator.invalid:${port}`, { HTTPS_PROXY: `http://127.0.0.1:${proxyPort}` }),
  ).rejects.toThrow();
  expect(asked).toEqual([`CONNECT coordinator.invalid:${port}`]);
});

it.each(['127.0.0.1', 'localhost'])('never goes through a proxy to %s', async (host) => {
  const [port, proxyPort] = [await service(), await proxy()];
  const through = `http://127.0.0.1:${proxyPort}`;
  expect(await ask(`http://${host}:${port}`, { HTTP_PROXY: through, HTTPS_PROXY: through })).toBe(
    `here ${host}:${port}`,
  );
  expect(asked).toEqual([]);
});

it('goes directly to what NO_PROXY names', async () => {
  const proxyPort = await proxy();
  const environment = { HTTP_PROXY: `http://127.0.0.1:${proxyPort}` };
  for (const NO_PROXY of ['*', 'other.invalid, coordinator.invalid', '.invalid'])
    await expect(ask('http://coordinator.invalid:1', { ...environment, NO_PROXY })).rejects.toThrow();
  expect(asked).toEqual([]);
});

it('refuses what is no proxy, without repeating it', () => {
  const here = parseServiceUrl('http://coordinator.invalid');
  const act = () => dispatcherTo(here, { connections: 1 }, { HTTPS_PROXY: 'user:secret@proxy' });
  expect(act).toThrow('HTTPS_PROXY');
  expect(act).not.toThrow('secret');
});

it('reaches a service on a Unix socket, with a token', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'secagg-client-'));
  const path = join(folder, 'node.sock');
  const server = createServer((incoming, outgoing) =>
    outgoing.end(`${incoming.url} ${incoming.headers.host} ${incoming.headers.authorization}`),
  );
  await listening(server, path);
  const transport = new Transport({ url: `unix:${path}`, name: 'router-node', token: 'a-token-of-some-length' });
  const { body } = await transport.send({ method: 'GET', path: '/v1/status', maxBytes: 1000, idempotent: true });
  expect(Buffer.from(body).toString()).toBe('/v1/status localhost Bearer a-token-of-some-length');
  await transport.close();
  rmSync(folder, { recursive: true });
});
