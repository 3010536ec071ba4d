/** A round that nobody shows an outcome of, to its end: its observations wait again, and carry what it has charged. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RewardObservation, roundStatusMessage } from '@secagg/schema';
import { eventually } from '@secagg/testbed/wait';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet, type TestFleetOptions } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(120_000);

const row: RewardObservation = { model: 'm1', task: 't1', success: true, latency_s: 1 };
const noisy = {
  privacy: { unit: 'request' as const, rho: 0.05, assumedColluders: 0, deltaInverse: 1_000_000 },
  minParticipantsPerGroup: 1,
};
const HOUR_MS = 3_600_000;
/** Past the end of an epoch of one hour, and a day more. */
const LATER_MS = 30 * HOUR_MS;

let fleet: TestFleet;
let coordinator: CoordinatorDouble;
let node: NodeProcess;
let member: NodeProcess;

async function begin(settings: Record<string, string>, cluster: TestFleetOptions['cluster']): Promise<void> {
  fleet = new TestFleet({ routers: 2, committee: { size: 1, threshold: 1 }, minParticipants: 1, cluster });
  coordinator = new CoordinatorDouble(fleet);
  await coordinator.listen();
  // Both clocks of the process go ahead, and long pauses are over, by what is written in a file.
  writeFileSync(
    join(fleet.folder, 'clock.cjs'),
    `const { readFileSync } = require('node:fs');
     const ahead = () => { try { return Number(readFileSync(process.env.CLOCK_FILE, 'utf8')); } catch { return 0; } };
     const [date, monotonic, timer] = [Date.now, performance.now.bind(performance), setTimeout];
     Date.now = () => date() + ahead();
     performance.now = () => monotonic() + ahead();
     globalThis.setTimeout = (run, ms, ...rest) => timer(run, ahead() > 0 && ms > 60000 ? 100 : ms, ...rest);`,
  );
  const { port } = coordinator;
  member = await NodeProcess.start(
    fleet.environment('router-0', port, { SECAGG_BUDGET_RHO: '100', SECAGG_MAX_ROUND_RHO: '10' }),
  );
  node = await NodeProcess.start(
    fleet.environment('router-1', port, {
      ...settings,
      NODE_OPTIONS: `--require ${join(fleet.folder, 'clock.cjs')}`,
      CLOCK_FILE: join(fleet.folder, 'ahead'),
    }),
  );
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
}

afterEach(async () => {
  await Promise.all([node, member].map((one) => one.stop('SIGKILL')));
  await coordinator.close();
  fleet.remove();
});

/**
 * A round whose outcome is kept from everybody, until the router gives it up and is started again with its clock set
 * right.
 */
async function givenUp(settings: Record<string, string>): Promise<void> {
  await node.client.postObservations([row, row]);
  const { cluster } = fleet;
  coordinator.intercept = (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname.endsWith('/rounds/1/transcript') || pathname.endsWith('/rounds/1/inclusion')) {
      response.writeHead(404).end();
      return true;
    }
    if (!pathname.endsWith('/rounds/1')) return false;
    response.writeHead(200);
    response.end(roundStatusMessage.encode({ cluster, round: 1 as never, phase: 'undecided', contributions: 2 }));
    return true;
  };
  coordinator.startRound({ ...noisy, durationMs: 6000 });
  await eventually('its part in the round', async () => (await node.client.status()).observations.taken === 2, 40_000);
  await eventually(
    'the word that it is undecided',
    async () => (await node.client.status()).participations[0]?.state === 'undecided',
    40_000,
  );
  expect((await node.client.status()).observations).toEqual({ waiting: 0, taken: 2 });
  // Hour by hour, since the router counts an hour from when it began to wait.
  let aheadMs = LATER_MS;
  await eventually(
    'its end',
    async () => {
      aheadMs += HOUR_MS;
      writeFileSync(join(fleet.folder, 'ahead'), String(aheadMs));
      return (await node.client.status()).observations.waiting === 2;
    },
    40_000,
  );
  await eventually('the word to the operator', () =>
    node.log.some(({ msg }) => msg.startsWith('nobody has shown an outcome')),
  );
  await node.stop('SIGTERM');
  node = await NodeProcess.start(fleet.environment('router-1', coordinator.port, settings));
  expect((await node.client.status()).observations).toEqual({ waiting: 2, taken: 0 });
  coordinator.startRound({ ...noisy, durationMs: 6000 });
  await eventually(
    'the next round',
    async () => (await node.client.status()).participations[0]?.state === 'included',
    60_000,
  );
}

it('held to single requests, they enter no other round that would take them beyond their limit', async () => {
  const settings = {
    SECAGG_UNSAFE_NO_NOISE: 'false',
    SECAGG_MAX_ROUND_RHO: '0.06',
    SECAGG_BUDGET_PROTECTS: 'event',
  };
  await begin(settings, { privacy_units: ['request'], budget_protects: 'event' });
  await givenUp(settings);
  const { observations, privacy } = await node.client.status();
  expect(observations).toEqual({ waiting: 2, taken: 0 });
  expect(privacy?.request_rho).toBeCloseTo(0.05, 6);
  expect(privacy?.spent_rho).toBeGreaterThan(0.05);
});

it('held to the window, they enter the next one, which shows what they were charged together', async () => {
  const settings = { SECAGG_UNSAFE_NO_NOISE: 'false', SECAGG_BUDGET_RHO: '1' };
  await begin(settings, {});
  await givenUp(settings);
  const { observations, privacy } = await node.client.status();
  expect(observations).toEqual({ waiting: 0, taken: 0 });
  expect(privacy?.request_rho).toBeCloseTo(privacy?.spent_rho as number, 9);
  expect(privacy?.spent_rho).toBeGreaterThan(0.05);
});
