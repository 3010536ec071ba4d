/**
 * Secrets of an ended epoch are gone from the disk, also when the process dies between erasing them and emptying the
 * log they are still in.
 */
import { eventually } from '@secagg/testbed/wait';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Libsql from 'libsql';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(60_000);

let fleet: TestFleet;
let coordinator: CoordinatorDouble;
let node: NodeProcess;

afterEach(async () => {
  await node.stop('SIGKILL');
  await coordinator.close();
  fleet.remove();
});

const dataDir = () => join(fleet.folder, 'router-0-data');
const isOnDisk = (bytes: Buffer): boolean =>
  ['committee.db', 'committee.db-wal'].some(
    (name) => existsSync(join(dataDir(), name)) && readFileSync(join(dataDir(), name)).includes(bytes),
  );

/** As it is stored; read from a copy, since a database that is opened changes. */
function sealedSecret(epoch: number): Buffer {
  const copy = mkdtempSync(join(tmpdir(), 'secagg-erasure-'));
  cpSync(dataDir(), copy, { recursive: true });
  const database = new Libsql(join(copy, 'committee.db'));
  try {
    const [[sealed]] = database.prepare('SELECT sealed FROM epoch_secret WHERE epoch = ?').raw().all([epoch]) as [
      [ArrayBuffer],
    ];
    return Buffer.from(sealed);
  } finally {
    database.close();
    rmSync(copy, { recursive: true, force: true });
  }
}

it.each(['after-durable:epoch-erased', 'before-durable:purge'])('when it dies at %s', async (point) => {
  fleet = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 }, minParticipants: 1 });
  coordinator = new CoordinatorDouble(fleet);
  await coordinator.listen();
  const start = async (environment: Record<string, string> = {}) => {
    node = await NodeProcess.start(
      fleet.environment('router-0', coordinator.port, {
        SECAGG_EPOCH_GRACE_MS: '1000',
        SECAGG_POLL_WAIT_MS: '300',
        ...environment,
      }),
    );
  };
  await start();
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
  await node.stop('SIGKILL');
  const secret = sealedSecret(1);
  expect(isOnDisk(secret)).toBe(true);

  await start({ SECAGG_UNSAFE_CRASH_AT: point });
  const { epoch: first } = coordinator.local.state;
  coordinator.startEpoch();
  await eventually('the next epoch', () => coordinator.local.state.epoch !== first);
  await eventually('its death', () => node.exit !== undefined);
  expect(isOnDisk(secret)).toBe(true);
  await start();
  expect(isOnDisk(secret)).toBe(false);
  await eventually('its second seat', async () => (await node.client.status()).committee?.seats.length === 1);
});
