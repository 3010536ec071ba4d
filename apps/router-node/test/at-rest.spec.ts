/**
 * What lies on the disk of a node: nothing in the clear that its store key is for, and nothing changed by a wrong key.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atRest, sealIdentityKey } from '@secagg/crypto';
import { random } from '@secagg/testbed/random';
import { eventually } from '@secagg/testbed/wait';
import Libsql from 'libsql';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(60_000);

let fleet: TestFleet;
let coordinator: CoordinatorDouble;
const running: NodeProcess[] = [];

beforeEach(async () => {
  fleet = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 }, minParticipants: 1 });
  coordinator = new CoordinatorDouble(fleet);
  await coordinator.listen();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop('SIGKILL')));
  await coordinator.close();
  fleet.remove();
});

const start = async (overrides: Record<string, string> = {}): Promise<NodeProcess> => {
  const node = await NodeProcess.start(fleet.environment('router-0', coordinator.port, overrides));
  running.push(node);
  return node;
};
const dataDir = (): string => join(fleet.folder, 'router-0-data');
const storeKeyFile = (): string => join(fleet.folder, 'router-0.store.key');
const identityFile = (): string => join(fleet.folder, 'router-0.key');
/** Everything in the data directory, as the disk has it. */
const onDisk = (): Buffer => Buffer.concat(readdirSync(dataDir()).map((name) => readFileSync(join(dataDir(), name))));
/** Every row of every table. (Opening and closing a file alters its header.) */
const rows = (): unknown[] =>
  ['router.db', 'observations.db', 'committee.db'].map((name) => {
    const db = new Libsql(join(dataDir(), name));
    const tables = (
      db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all([]) as { name: string }[]
    ).map((table) => table.name);
    const content = tables.map((table) => [table, db.prepare(`SELECT * FROM ${table}`).raw().all([])]);
    db.close();
    return content;
  });

async function sealIdentity(): Promise<void> {
  const storeKey = await atRest(new Uint8Array(readFileSync(storeKeyFile())), random);
  const { id, secretKey } = fleet.routers[0];
  writeFileSync(identityFile(), sealIdentityKey(storeKey, secretKey, id), { mode: 0o600 });
}

const secret = { model: 'm1', task: 't1', success: true, latency_s: 1.23456789, requester: 'somebody' };
const NO_STORE_KEY = { SECAGG_STORE_KEY_FILE: '' };

it('observations, epoch secrets and the signature key are on the disk sealed, and serve as before', async () => {
  await sealIdentity();
  const node = await start();
  expect(await node.client.postObservations([secret], { idempotencyKey: 'k' })).toMatchObject({ accepted: 1 });
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
  await node.stop();
  expect(node.log.some(({ msg }) => msg.includes('in the clear'))).toBe(false);

  expect(
    readdirSync(dataDir())
      .filter((name) => name.endsWith('.db'))
      .sort(),
  ).toEqual(['committee.db', 'observations.db', 'router.db']);
  const disk = onDisk();
  for (const clear of ['1.23456789', 'somebody', Buffer.from(fleet.routers[0].secretKey)])
    expect(disk.includes(clear)).toBe(false);
  expect(readFileSync(identityFile()).includes(Buffer.from(fleet.routers[0].secretKey))).toBe(false);
  for (const name of readdirSync(dataDir())) expect(statSync(join(dataDir(), name)).mode & 0o077).toBe(0);

  const again = await start();
  expect(await again.client.postObservations([secret], { idempotencyKey: 'k' })).toMatchObject({ accepted: 1 });
  expect((await again.client.status()).observations.waiting).toBe(1);
  const key = coordinator.startRound({ durationMs: 4000, maxParticipants: 1, minParticipantsPerGroup: 1 });
  await eventually('publication', () => coordinator.round(key).phase === 'published');
  await eventually(
    'its settlement',
    async () => (await again.client.signal())?.signal.reward_signals['m1:t1'].total_samples === 1,
  );
});

it('what lay there in the clear is sealed once there is a store key, and needs it from then on', async () => {
  const open = await start(NO_STORE_KEY);
  await open.client.postObservations([secret], { idempotencyKey: 'k' });
  await open.stop();
  expect(onDisk().includes('1.23456789')).toBe(true);
  expect(open.log.some(({ msg }) => msg.includes('in the clear'))).toBe(true);

  const sealed = await start();
  expect(await sealed.client.postObservations([secret], { idempotencyKey: 'k' })).toMatchObject({ accepted: 1 });
  expect((await sealed.client.status()).observations.waiting).toBe(1);
  await sealed.stop();
  expect(onDisk().includes('1.23456789')).toBe(false);

  const without = await start(NO_STORE_KEY);
  await without.untilEnded();
  expect(without.exit).toEqual({ code: 78, signal: null });
  expect(without.stderr.join('')).toContain('none is given');
});

it('a wrong store key is told, and changes nothing', async () => {
  const node = await start();
  await node.client.postObservations([secret]);
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
  await node.stop();
  const before = rows();

  const right = readFileSync(storeKeyFile());
  writeFileSync(storeKeyFile(), randomBytes(32));
  const wrong = await start();
  await wrong.untilEnded();
  expect(wrong.exit).toEqual({ code: 78, signal: null });
  expect(wrong.stderr.join('')).toContain('another store key');
  expect(rows()).toEqual(before);

  const key = right.toString('hex');
  const back = await start({ ...NO_STORE_KEY, SECAGG_STORE_KEY: key });
  expect((await back.client.status()).observations.waiting).toBe(1);
  expect(JSON.stringify(back.log)).not.toContain(key);
  expect(back.log.filter(({ msg }) => msg.includes('SECAGG_STORE_KEY'))).toHaveLength(1);
});

it('a sealed signature key needs its store key', async () => {
  await sealIdentity();
  writeFileSync(storeKeyFile(), randomBytes(32));
  const node = await start();
  await node.untilEnded();
  expect(node.exit).toEqual({ code: 78, signal: null });
  expect(node.stderr.join('')).toContain('SECAGG_IDENTITY_KEY_FILE');
});

it.each([
  ['the store key', storeKeyFile],
  ['the identity key', identityFile],
  ["the router's database", () => join(dataDir(), 'router.db')],
  ['the database of its observations', () => join(dataDir(), 'observations.db')],
  ["the member's database", () => join(dataDir(), 'committee.db')],
])('%s must not be open to others', async (_, path) => {
  const node = await start();
  await node.stop();
  chmodSync(path(), 0o640);
  const refused = await start();
  await refused.untilEnded();
  expect(refused.exit).toEqual({ code: 77, signal: null });
  expect(refused.stderr.join('')).toContain(`chmod 600 ${path()}`);
  chmodSync(path(), 0o600);
  expect((await (await start()).client.status()).id).toBe('router-0');
});
