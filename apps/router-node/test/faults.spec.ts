/**
 * What the machine can do to a node: each fault is told in words and with its exit status, nothing is lost by it, and
 * it is over when its cause is.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { type RewardObservation } from '@secagg/schema';
import { listen, portOf } from '@secagg/testbed/ports';
import { eventually } from '@secagg/testbed/wait';
import { request } from 'undici';
import { TestFleet } from './support/fleet';
import { NodeProcess, type ProcessOptions } from './support/node-process';

jest.setTimeout(90_000);

const NOBODY = 65534;
const asRoot = process.getuid?.() === 0;
/** Modes do not bind root. */
const unprivileged: ProcessOptions = asRoot ? { uid: NOBODY, gid: NOBODY } : {};

let fleet: TestFleet;
const running: NodeProcess[] = [];
const mounted: string[] = [];

beforeEach(() => {
  fleet = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop('SIGKILL')));
  for (const folder of mounted.splice(0)) execFileSync('umount', [folder]);
  fleet.remove();
});

/** The coordinator cannot be reached in any of these: port 9 has nobody. */
const start = async (overrides: Record<string, string> = {}, options: ProcessOptions = {}): Promise<NodeProcess> => {
  const node = await NodeProcess.start(fleet.environment('router-0', 9, overrides), options);
  running.push(node);
  return node;
};
async function ended(node: NodeProcess): Promise<{ code: number | null | undefined; said: string }> {
  await node.untilEnded();
  return { code: node.exit?.code, said: node.stderr.join('') };
}
const dataDir = (): string => join(fleet.folder, 'router-0-data');
const row: RewardObservation = { model: 'm', task: 't', success: true, latency_s: 1 };
const waiting = async (node: NodeProcess): Promise<number> => (await node.client.status()).observations.waiting;
const ready = async (node: NodeProcess) => {
  const reply = await request(`http://127.0.0.1:${node.port}/readyz/store`);
  return { status: reply.statusCode, body: await reply.body.text() };
};
const ownedBy = (uid: number): void => {
  for (const path of [
    fleet.folder,
    ...readdirSync(fleet.folder, { recursive: true }).map((name) => join(fleet.folder, String(name))),
  ])
    chownSync(path, uid, uid);
};

/** A disk of so many bytes, where this process may mount one. */
function smallDisk(bytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', dataDir()], { stdio: 'ignore' });
    mounted.push(dataDir());
    return true;
  } catch {
    return false;
  }
}

/** Sends observations until not even one is taken any more. @returns how many were acknowledged */
async function fill(node: NodeProcess): Promise<number> {
  let acknowledged = 0;
  for (let size = 1000; size >= 1; ) {
    const body = JSON.stringify(Array.from({ length: size }, () => row));
    const reply = await request(`http://127.0.0.1:${node.port}/v1/observations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const text = await reply.body.text();
    if (reply.statusCode === 202) acknowledged += size;
    else {
      expect({
        status: reply.statusCode,
        code: (JSON.parse(text) as { code: string }).code,
        retryAfter: reply.headers['retry-after'],
      }).toEqual({ status: 503, code: 'unavailable', retryAfter: '1' });
      size = Math.floor(size / 10);
    }
    if (acknowledged > 500_000) throw new Error('the disk took everything');
  }
  // The check itself writes a page, for which there may be room a little longer.
  await eventually('it is not ready', async () => (await ready(node)).status === 503);
  return acknowledged;
}

it('a full disk: observations are refused with a time to come back, and taken again when there is room', async () => {
  mkdirSync(dataDir(), { recursive: true });
  if (!smallDisk(4_000_000)) return expectFileLimit();
  // Something else takes room that can be given back.
  writeFileSync(join(dataDir(), 'ballast'), Buffer.alloc(1_500_000));
  const node = await start();
  const acknowledged = await fill(node);
  expect(acknowledged).toBeGreaterThan(0);
  expect(node.exit).toBeUndefined();
  expect(await waiting(node)).toBe(acknowledged);

  rmSync(join(dataDir(), 'ballast'));
  expect(await node.client.postObservations([row])).toMatchObject({ accepted: 1 });
  await eventually('it is ready again', async () => (await ready(node)).status === 200);
  expect(await waiting(node)).toBe(acknowledged + 1);
});

/** Where nothing can be mounted: a limit on the size of files, which the process cannot tell from a full disk. */
async function expectFileLimit(): Promise<void> {
  const node = await start({}, { fileBlocks: 4000 });
  const acknowledged = await fill(node);
  await node.stop('SIGKILL');
  expect(await waiting(await start())).toBe(acknowledged);
}

it('a file that may not grow: the same, and nothing acknowledged is lost', () => expectFileLimit());

it('a disk that takes no writes from the start: 74, and as before once it does', async () => {
  const first = await start();
  await first.client.postObservations([row]);
  await first.stop();
  const refused = await ended(await start({}, { fileBlocks: 0 }));
  expect(refused).toMatchObject({ code: 74, said: expect.stringMatching(/takes no writes|disk is full/) as unknown });
  expect(await waiting(await start())).toBe(1);
});

it('a data directory that cannot be written: 74, and as before once it can', async () => {
  const first = await start();
  await first.client.postObservations([row]);
  await first.stop();
  if (asRoot) ownedBy(NOBODY);
  chmodSync(dataDir(), 0o500);
  for (const file of readdirSync(dataDir())) chmodSync(join(dataDir(), file), 0o400);
  const refused = await ended(await start({}, unprivileged));
  chmodSync(dataDir(), 0o700);
  for (const file of readdirSync(dataDir())) chmodSync(join(dataDir(), file), 0o600);
  expect([74, 77]).toContain(refused.code);
  expect(refused.said).toContain(dataDir());
  expect(await waiting(await start({}, unprivileged))).toBe(1);
});

it('a data directory that cannot be made: 77', async () => {
  const locked = join(fleet.folder, 'locked');
  mkdirSync(locked, { mode: 0o500 });
  if (asRoot) ownedBy(NOBODY);
  const refused = await ended(await start({ SECAGG_DATA_DIR: join(locked, 'data') }, unprivileged));
  expect(refused).toMatchObject({ code: 77, said: expect.stringContaining(join(locked, 'data')) as unknown });
});

const damages: [string, (file: Buffer) => Buffer][] = [
  ['overwritten in its middle', (file) => file.fill(0xff, 4096, 4096 + 16_384)],
  ['no database at all', (file) => file.fill(0x55)],
  ['cut short', (file) => file.subarray(0, file.length - 4096 * 3 - 100)],
];
it.each(
  ['router.db', 'observations.db'].flatMap((name) => damages.map(([what, damage]) => [name, what, damage] as const)),
)('%s %s: 65, left as it is, and as before when a copy is put back', async (name, _, damage) => {
  const first = await start();
  await first.client.postObservations(Array.from({ length: 300 }, () => row));
  await first.stop();
  const path = join(dataDir(), name);
  const copy = join(fleet.folder, 'copy');
  copyFileSync(path, copy);
  const damaged = Buffer.from(damage(readFileSync(path)));
  writeFileSync(path, damaged);
  const refused = await ended(await start());
  expect(refused).toMatchObject({ code: 65, said: expect.stringContaining('restore a backup') as unknown });
  expect(readFileSync(path).equals(damaged)).toBe(true);
  copyFileSync(copy, path);
  expect(await waiting(await start())).toBe(300);
});

it('a journal that cannot be read: 65', async () => {
  const first = await start();
  await first.stop();
  execFileSync(
    process.execPath,
    [
      '-e',
      `const D = require('libsql'); const d = new D(process.argv[1]); d.prepare("INSERT INTO event (type, body) VALUES ('x', ?)").run([Buffer.from([0xff])]);`,
      join(dataDir(), 'router.db'),
    ],
    { cwd: join(__dirname, '../../..') },
  );
  expect(await ended(await start())).toMatchObject({
    code: 65,
    said: expect.stringContaining('router.db is damaged') as unknown,
  });
});

it('a port that is taken: 69, and as before once it is free', async () => {
  const squatter: Server = createServer();
  await listen(squatter);
  const port = String(portOf(squatter));
  expect(await ended(await start({ SECAGG_PORT: port }))).toMatchObject({
    code: 69,
    said: expect.stringContaining(`127.0.0.1:${port}`) as unknown,
  });
  await new Promise((resolve) => squatter.close(resolve));
  expect((await ready(await start({ SECAGG_PORT: port }))).status).toBe(200);
});

it('a data directory that another process has: 75', async () => {
  const first = await start();
  expect(await ended(await start())).toMatchObject({
    code: 75,
    said: expect.stringContaining('in use by another process') as unknown,
  });
  expect((await ready(first)).status).toBe(200);
});

it('no coordinator: it takes observations all the same, and says what is missing', async () => {
  const node = await start();
  expect(await node.client.postObservations([row])).toMatchObject({ accepted: 1 });
  expect((await ready(node)).status).toBe(200);
  const reply = await request(`http://127.0.0.1:${node.port}/readyz`);
  expect(await reply.body.json()).toMatchObject({
    status: 503,
    fleet_known: false,
    documents: { policy: null, roster: null },
    reasons: [{ reason: 'fleet_unknown' }, { reason: 'coordinator_unreachable' }],
  });
  await eventually(
    'the status',
    async () =>
      (await node.client.status()).coordinator.last_problem?.includes('cannot reach the coordinator') === true,
  );
  expect((await node.client.status()).coordinator.reachable).toBe(false);
});
