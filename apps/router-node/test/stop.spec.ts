/** Ending a node by a signal: clean and in time, whoever is connected and whatever it is doing. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import Libsql from 'libsql';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(90_000);

let fleet: TestFleet;
let node: NodeProcess | undefined;
const sockets: Socket[] = [];

beforeEach(() => {
  fleet = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await node?.stop('SIGKILL');
  fleet.remove();
});

/** The coordinator cannot be reached: port 9 has nobody. */
const environment = (overrides: Record<string, string> = {}) => fleet.environment('router-0', 9, overrides);

async function send(port: number, text: string): Promise<{ ended: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  const ended = once(socket, 'close').then(() => Buffer.concat(chunks).toString());
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return { ended };
}
const HALF_HEAD = 'POST /v1/observations HTTP/1.1\r\nhost: localhost\r\n';
const HALF_BODY = `${HALF_HEAD}content-type: application/json\r\ncontent-length: 100\r\n\r\n[{"model"`;

it.each([
  ['nothing', ''],
  ['half a head', HALF_HEAD],
  ['half a body', HALF_BODY],
])('ends with 0 while a client is connected that has sent %s', async (_what, text) => {
  node = await NodeProcess.start(environment());
  await send(node.port as number, text);
  await node.client.status();
  await node.stop();
  expect({ ...node.exit, stderr: node.stderr }).toEqual({ code: 0, signal: null, stderr: [] });
});

it('catches signals before it loads anything else', () => {
  const entry = readFileSync(join(__dirname, '../../../dist/apps/router-node/main.js'), 'utf8');
  // A static import would be loaded before the first line runs, which takes the longest part of the start.
  expect(entry).not.toMatch(/^import\b|\bfrom ["']/m);
  expect(entry.indexOf('SIGTERM')).toBeLessThan(entry.indexOf('import('));
});

it('ends with 0 when the signal comes before it has read its configuration', async () => {
  const pipe = join(fleet.folder, 'config');
  execFileSync('mkfifo', [pipe]);
  const starting = NodeProcess.start(environment({ SECAGG_CONFIG: pipe }));
  // Opens once the process reads it, and so waits for it.
  const config = await open(pipe, 'w');
  NodeProcess.signalNewest('SIGTERM');
  await config.writeFile('{}');
  await config.close();
  node = await starting;
  await node.untilEnded();
  expect(node.exit).toEqual({ code: 0, signal: null });
});

it('ends with 0 while somebody reads its database, and starts again', async () => {
  node = await NodeProcess.start(environment());
  await node.client.postObservations([{ model: 'm', task: 't', success: true, latency_s: 1 }]);
  const reader = new Libsql(join(fleet.folder, 'router-0-data/router.db'), { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM sqlite_master').all();
  await node.stop();
  expect({ ...node.exit, fatal: node.log.filter(({ level }) => level >= 60) }).toEqual({
    code: 0,
    signal: null,
    fatal: [],
  });
  reader.exec('COMMIT');
  reader.close();
  node = await NodeProcess.start(environment());
  expect((await node.client.status()).observations.waiting).toBe(1);
});

it('ends connections whose head or body comes too slowly, and serves others meanwhile', async () => {
  node = await NodeProcess.start(
    environment({
      SECAGG_LIMITS_HEADERS_TIMEOUT_MS: '200',
      SECAGG_LIMITS_BODY_GRACE_MS: '200',
      SECAGG_LIMITS_BODY_BYTES_PER_SECOND: '1000000',
    }),
  );
  const slow = await Promise.all(['', HALF_HEAD, HALF_BODY].map((text) => send(node?.port as number, text)));
  await node.client.status();
  expect((await Promise.all(slow.map(({ ended }) => ended))).map((text) => text.slice(9, 12))).toEqual([
    '',
    '408',
    '408',
  ]);
});
