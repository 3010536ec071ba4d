/**
 * What the machine can do to a coordinator: told in words and with an exit status, nothing acknowledged lost, and over
 * when its cause is.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { atRest, sealIdentityKey } from '@secagg/crypto';
import { type OpenRound } from '@secagg/schema';
import { listen, portOf } from '@secagg/testbed/ports';
import { random } from '@secagg/testbed/random';
import { until } from '@secagg/testbed/wait';
import { request } from 'undici';
import { TestFleet } from './support/fleet';
import { HttpMember, HttpRouter, operatorRequest } from './support/parties';
import { CoordinatorProcess, type ProcessOptions } from './support/process';

jest.setTimeout(120_000);

const NOBODY = 65534;
const asRoot = process.getuid?.() === 0;
/** Modes do not bind root. */
const unprivileged: ProcessOptions = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
const running: CoordinatorProcess[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.kill()));
});

const create = () => new TestFleet({ routers: 5, committee: { size: 1, threshold: 1 } });
const start = async (
  fleet: TestFleet,
  options: ProcessOptions = {},
  config: object = {},
  environment: Record<string, string> = {},
): Promise<CoordinatorProcess> => {
  const started = await CoordinatorProcess.start(fleet, fleet.config(config), environment, options);
  running.push(started);
  return started;
};
/** How a process that cannot start ends, and what it says. */
const refusal = (...args: Parameters<typeof start>): Promise<string> =>
  start(...args).then(
    () => 'it has started',
    (error: Error) => error.message,
  );
const stop = async (process: CoordinatorProcess): Promise<void> => {
  running.splice(running.indexOf(process), 1);
  await process.stop();
};
const database = (fleet: TestFleet): string => join(fleet.folder, 'data', 'coordinator.db');
const ready = async ({ origin }: CoordinatorProcess): Promise<number> => {
  const reply = await request(`${origin}/readyz/store`);
  await reply.body.dump();
  return reply.statusCode;
};
/** In a process of its own: the driver keeps files open that it has been told to close. */
const runOn = (fleet: TestFleet, statement: string): void => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['-e', `const d = new (require('libsql'))(process.argv[1]); ${statement}`, database(fleet)],
    { cwd: __dirname, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
};
/** Another process that has the database's write lock until the returned function is called. */
const locked = async (fleet: TestFleet): Promise<() => Promise<unknown>> => {
  const program = `const d = new (require('libsql'))(process.argv[1], { timeout: 5000 });
    d.exec('BEGIN IMMEDIATE'); console.log('locked'); process.stdin.on('end', () => { d.exec('ROLLBACK'); process.exit(); }).resume();`;
  const child = spawn(process.execPath, ['-e', program, database(fleet)], {
    cwd: __dirname,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return () => {
    child.stdin.end();
    return once(child, 'exit');
  };
};
const ownedBy = (fleet: TestFleet, uid: number): void => {
  for (const path of [
    fleet.folder,
    ...readdirSync(fleet.folder, { recursive: true }).map((name) => join(fleet.folder, String(name))),
  ])
    chownSync(path, uid, uid);
};

it('a disk that is full in the middle of a round: 74, no receipt for what is not on it, and the round goes on when there is room', async () => {
  const fleet = create();
  const member = new HttpMember(fleet.view, fleet.routers[0]);
  let coordinator = await start(fleet, { fileBlocks: 1000 });
  const serving = member.serve(() => coordinator.origin);
  try {
    await until(async () => (await coordinator.client.currentEpoch()) !== undefined);
    const open: OpenRound = await coordinator.client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, {
        action: 'start-round',
        cluster: fleet.cluster,
        overrides: { duration_ms: 60_000, max_participants: 4 },
      }),
    );
    const routers = fleet.routers.slice(0, 4).map((identity) => new HttpRouter(fleet.view, identity));
    const bodies = routers.map((router) => router.build(open, 10));
    await routers[0].send(coordinator.client, open, bodies[0]);

    // Every request of an operator is written down, and remembered, until there is no room left.
    const fill = () =>
      coordinator.client.startEpoch(operatorRequest(fleet, fleet.operator, { action: 'start-epoch' }), {
        timeoutMs: 2000,
      });
    for (
      let i = 0;
      i < 1000 &&
      !(await fill().then(
        () => false,
        () => true,
      ));

    )
      i += 1;
    await routers[1].send(coordinator.client, open, bodies[1]).catch(() => undefined);
    expect(await coordinator.ended()).toEqual({ code: 74, signal: null });
    expect(coordinator.log.some(({ level, exit_code }) => level === 60 && exit_code === 74)).toBe(true);
    running.splice(0);

    coordinator = await start(fleet);
    const held = (await coordinator.client.latestRound(fleet.cluster)) as { contributions?: number } | undefined;
    expect(held?.contributions).toBeGreaterThanOrEqual(1);
    for (const [i, router] of routers.entries()) await router.send(coordinator.client, open, bodies[i]);
    expect(await coordinator.client.roundStatus(fleet.cluster, 1, { waitMs: 30_000 })).toMatchObject({
      phase: 'published',
      contributions: 4,
    });
    for (const router of routers)
      expect((await router.settle(coordinator.client, fleet.cluster, 1)).outcome).toBe('included');
  } finally {
    member.stop();
    await serving;
  }
});

it('a database that another process locks in the middle of a round: requests wait, then 503, and the round goes on', async () => {
  const fleet = create();
  const member = new HttpMember(fleet.view, fleet.routers[0]);
  const coordinator = await start(fleet, {});
  const serving = member.serve(() => coordinator.origin);
  try {
    await until(async () => (await coordinator.client.currentEpoch()) !== undefined);
    const open: OpenRound = await coordinator.client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, {
        action: 'start-round',
        cluster: fleet.cluster,
        overrides: { duration_ms: 60_000, max_participants: 3 },
      }),
    );
    const routers = fleet.routers.slice(0, 3).map((identity) => new HttpRouter(fleet.view, identity));
    const bodies = routers.map((router) => router.build(open, 10));
    const unlock = await locked(fleet);
    const sending = routers.slice(0, 2).map((router, i) => router.send(coordinator.client, open, bodies[i]));
    await until(async () => (await ready(coordinator)) === 503);
    const refused = await request(`${coordinator.origin}/v1/clusters/${fleet.cluster}/rounds/1/contributions`, {
      method: 'POST',
      body: Buffer.from(bodies[2]),
    });
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1']);
    await refused.body.dump();
    await unlock();
    await Promise.all(sending);
    await routers[2].send(coordinator.client, open, bodies[2]);
    expect(await coordinator.client.roundStatus(fleet.cluster, 1, { waitMs: 30_000 })).toMatchObject({
      phase: 'published',
      contributions: 3,
    });
    expect(await ready(coordinator)).toBe(200);
  } finally {
    member.stop();
    await serving;
  }
});

it('a disk that takes no writes from the start: 74, and as before once it does', async () => {
  const fleet = create();
  await stop(await start(fleet));
  expect(await refusal(fleet, { fileBlocks: 0 })).toMatch(/^exit 74: .*(takes no writes|disk is full)/s);
  expect(await ready(await start(fleet))).toBe(200);
});

it('a data directory that cannot be written, or made: 74 or 77, and as before once it can', async () => {
  const fleet = create();
  await stop(await start(fleet));
  const data = join(fleet.folder, 'data');
  fleet.writeConfig({});
  if (asRoot) ownedBy(fleet, NOBODY);
  chmodSync(data, 0o500);
  for (const name of readdirSync(data)) chmodSync(join(data, name), 0o400);
  expect(await refusal(fleet, unprivileged)).toMatch(/^exit (74|77): /);
  chmodSync(data, 0o700);
  for (const name of readdirSync(data)) chmodSync(join(data, name), 0o600);
  expect(await ready(await start(fleet, unprivileged))).toBe(200);

  const locked = join(fleet.folder, 'locked');
  mkdirSync(locked, { mode: 0o500 });
  if (asRoot) chownSync(locked, NOBODY, NOBODY);
  expect(await refusal(fleet, unprivileged, { dataDir: join(locked, 'data') })).toMatch(/^exit 77: .*locked/s);
});

it.each([
  ['no database', (file: Buffer) => file.fill(0x55)],
  ['cut short', (file: Buffer) => file.subarray(0, 4096 * 2)],
])('a database that is %s: 65, left as it is, and as before when a copy is put back', async (_, damage) => {
  const fleet = create();
  await stop(await start(fleet));
  // What is in the log would mend the file.
  runOn(fleet, 'd.pragma("wal_checkpoint(TRUNCATE)")');
  const copy = fleet.write('copy', readFileSync(database(fleet)), 0o600);
  const damaged = Buffer.from(damage(readFileSync(database(fleet))));
  writeFileSync(database(fleet), damaged);
  expect(await refusal(fleet)).toMatch(/^exit 65: .*restore a backup/s);
  expect(readFileSync(database(fleet)).equals(damaged)).toBe(true);
  copyFileSync(copy, database(fleet));
  expect(await ready(await start(fleet))).toBe(200);
});

it('a journal that cannot be read: 65', async () => {
  const fleet = create();
  await stop(await start(fleet));
  runOn(
    fleet,
    'd.prepare("INSERT INTO journal (type, body) VALUES (\'fleet-updated\', ?)").run([Buffer.from([0xff])])',
  );
  expect(await refusal(fleet)).toMatch(/^exit 65: .*coordinator\.db is damaged/s);
});

it('a port that is taken: 69; a data directory that another process has: 75', async () => {
  const fleet = create();
  const squatter = createServer();
  await listen(squatter);
  const port = portOf(squatter);
  expect(await refusal(fleet, {}, { port })).toMatch(new RegExp(`^exit 69: .*127\\.0\\.0\\.1:${port}`, 's'));
  await new Promise((resolve) => squatter.close(resolve));
  const first = await start(fleet, {}, { port });
  expect(await refusal(fleet)).toMatch(/^exit 75: /);
  expect(await ready(first)).toBe(200);
});

it('keys and files that are not as they must be: 78, or 77 when others may read them', async () => {
  const fleet = create();
  const [storeKey, other] = [random(32), random(32)];
  fleet.write('store.key', storeKey, 0o600);
  fleet.write('other.key', other, 0o600);
  const sealed = sealIdentityKey(await atRest(storeKey, random), fleet.coordinator.secretKey, fleet.coordinator.id);
  fleet.write('sealed.key', sealed, 0o600);
  const keys = { identityKeyFile: 'sealed.key', storeKeyFile: 'store.key' };
  await stop(await start(fleet, {}, keys));
  await stop(
    await start(
      fleet,
      {},
      { identityKeyFile: 'sealed.key' },
      { SECAGG_STORE_KEY: Buffer.from(storeKey).toString('hex') },
    ),
  );
  expect(await refusal(fleet, {}, { identityKeyFile: 'sealed.key', storeKeyFile: 'other.key' })).toMatch(
    /^exit 78: .*another store key/s,
  );
  expect(await refusal(fleet, {}, { identityKeyFile: 'sealed.key' })).toMatch(/^exit 78: .*no store key/s);
  chmodSync(join(fleet.folder, 'store.key'), 0o644);
  expect(await refusal(fleet, {}, keys)).toMatch(/^exit 77: .*chmod 600/s);
  chmodSync(database(fleet), 0o640);
  expect(await refusal(fleet)).toMatch(/^exit 77: .*coordinator\.db has mode 0640/s);
});
