/** Ending a coordinator by a signal: clean and in time, whoever is connected, and from the first moment on. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { TestFleet } from './support/fleet';
import { CoordinatorProcess } from './support/process';

jest.setTimeout(60_000);

let fleet: TestFleet;
let coordinator: CoordinatorProcess | undefined;
const sockets: Socket[] = [];

beforeEach(() => {
  fleet = new TestFleet({ routers: 5, committee: { size: 1, threshold: 1 } });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await coordinator?.kill();
  coordinator = undefined;
});

const HALF_HEAD = 'POST /v1/evidence HTTP/1.1\r\nhost: localhost\r\n';
const HALF_BODY = `${HALF_HEAD}content-type: application/cbor\r\ncontent-length: 100\r\n\r\nhalf`;

it.each([
  // A grace that no test waits for: whoever has no request under way is not waited for.
  ['nothing', '', 600_000],
  ['half a head', HALF_HEAD, 600_000],
  ['half a body', HALF_BODY, 100],
])('ends with 0 while a client is connected that has sent %s', async (_what, text, shutdownGraceMs) => {
  coordinator = await CoordinatorProcess.start(fleet, fleet.config({ shutdownGraceMs }));
  const socket = connect(coordinator.port, '127.0.0.1');
  sockets.push(socket.on('error', () => undefined));
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  await coordinator.client.ready();
  expect(await coordinator.stop()).toEqual({ code: 0, signal: null });
});

it('catches signals before it loads anything else', () => {
  const entry = readFileSync(join(__dirname, '../../../dist/apps/coordinator/main.js'), 'utf8');
  // A static import would be loaded before the first line runs, which takes the longest part of the start.
  expect(entry).not.toMatch(/^import\b|\bfrom ["']/m);
  expect(entry.indexOf('SIGTERM')).toBeLessThan(entry.indexOf('import('));
});

it('ends with 0 when the signal comes before it has read its configuration', async () => {
  const pipe = join(fleet.folder, 'config');
  execFileSync('mkfifo', [pipe]);
  const started = CoordinatorProcess.start(fleet, {}, { SECAGG_CONFIG: pipe }).then(
    () => 'listens',
    (error: Error) => error.message,
  );
  // Opens once the process reads it, and so waits for it.
  const config = await open(pipe, 'w');
  CoordinatorProcess.signalNewest('SIGTERM');
  await config.writeFile(JSON.stringify(fleet.config({})));
  await config.close();
  expect(await started).toMatch(/^exit 0: $/);
});
