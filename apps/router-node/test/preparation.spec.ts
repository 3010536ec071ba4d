/**
 * What leaves a router does not wait for what it prepares, whatever that takes. Nothing here is about how fast anything
 * is.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RouterNodeClient } from '@secagg/client';
import { eventually } from '@secagg/testbed/wait';
import { build } from 'esbuild';
import { pino } from 'pino';
import { readConfig } from '../src/config';
import { type RunningNode, startNode } from '../src/start';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(60_000);

let fleet: TestFleet;
let coordinator: CoordinatorDouble;
let member: NodeProcess;
let node: RunningNode | undefined;
let client: RouterNodeClient;
/** Queries of the polls for open rounds of the router that is tested. */
let polls: URLSearchParams[] = [];

const noisy = {
  privacy: { unit: 'request' as const, rho: 0.01, assumedColluders: 0, deltaInverse: 1_000_000 },
  minParticipantsPerGroup: 1,
  maxParticipants: 2,
  durationMs: 60_000,
};

beforeEach(async () => {
  fleet = new TestFleet({ routers: 2, committee: { size: 1, threshold: 1 }, minParticipants: 1 });
  coordinator = new CoordinatorDouble(fleet);
  await coordinator.listen();
  polls = [];
  coordinator.intercept = ({ url = '' }) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    if (pathname.endsWith('/rounds/open') && searchParams.get('router') === 'router-1') polls.push(searchParams);
    return false;
  };
  member = await NodeProcess.start(fleet.environment('router-0', coordinator.port, { SECAGG_BUDGET_RHO: '100' }));
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
});
afterEach(async () => {
  await client.close();
  await node?.stop();
  node = undefined;
  await member.stop('SIGKILL');
  await coordinator.close();
  fleet.remove();
});

/** A node whose observation store takes so long to prepare a round. */
async function startWith(delayMs: number, settings: Record<string, string>): Promise<void> {
  const environment = fleet.environment('router-1', coordinator.port, { SECAGG_UNSAFE_NO_NOISE: 'false', ...settings });
  mkdirSync(environment.SECAGG_DATA_DIR, { recursive: true });
  writeFileSync(join(environment.SECAGG_DATA_DIR, 'delay-ms'), String(delayMs));
  node = await startNode(
    readConfig(environment),
    {
      logger: pino({ level: 'silent' }),
      onFailure: (error) => {
        throw error;
      },
      environment,
    },
    join(__dirname, 'support/slow-store.mjs'),
  );
  client = new RouterNodeClient({ url: `http://127.0.0.1:${node.port}` });
  await eventually('its first poll', () => polls.length > 0);
}

const accepted = (key: string): string[] => [...coordinator.round(key).accepted.keys()];

it('polls on while a round is prepared, for ever if need be, and sits that round out at its time', async () => {
  await startWith(Infinity, { SECAGG_PREPARE_MS: '3000' });
  const key = coordinator.startRound(noisy);
  await eventually('the next poll', () => polls.some((query) => query.get('after') === '1'));
  await eventually('its absence', async () => (await client.status()).last_refusal?.code === 'slot_missed');
  expect((await client.status()).last_refusal).toMatchObject({ round: 1, check: 'timing.slot' });
  expect(accepted(key)).not.toContain('router-1');
  const { privacy, participations } = await client.status();
  expect({ spent: privacy?.spent_rho, participations }).toEqual({ spent: 0, participations: [] });
  // The round is still open; it does not come back to it.
  const before = polls.length;
  await eventually('further polls', () => polls.length > before + 2);
  expect(polls.slice(before).map((query) => query.get('after'))).not.toContain('0');
});

it('gives back what was prepared too late, and does not send it', async () => {
  await startWith(8000, { SECAGG_PREPARE_MS: '500' });
  const key = coordinator.startRound(noisy);
  await eventually('its absence', async () => (await client.status()).last_refusal?.code === 'slot_missed');
  await eventually('the release', async () => (await client.status()).missing_keys[`${fleet.cluster}/1 unused`] === 1);
  expect(accepted(key)).not.toContain('router-1');
  expect((await client.status()).privacy?.spent_rho).toBe(0);
});

it('sits out a round that is over before it could have prepared, and says so at once', async () => {
  await startWith(0, { SECAGG_PREPARE_MS: '5000' });
  coordinator.startRound({ ...noisy, durationMs: 5000 });
  await eventually('the refusal', async () => (await client.status()).last_refusal?.code === 'slot_missed');
  expect((await client.status()).last_refusal?.problem).toContain('5000 ms after its announcement');
});

it('has nothing on the thread that polls by which an observation could be read, be it stored or on its way in', async () => {
  const workspace = join(__dirname, '../../..');
  const inputsOf = async (program: string): Promise<string[]> => {
    const { metafile } = await build({
      entryPoints: [join(workspace, 'apps/router-node/src', program)],
      bundle: true,
      write: false,
      metafile: true,
      outdir: '/nowhere',
      platform: 'node',
      format: 'esm',
      packages: 'external',
      tsconfig: join(workspace, 'tsconfig.base.json'),
      absWorkingDir: workspace,
      logLevel: 'silent',
    });
    return Object.keys(metafile.inputs).map((path) => path.replace('apps/router-node/src/', ''));
  };
  const ofObservations = [
    'store/observation-tables.ts',
    'store/observations.ts',
    'store/local-signal.ts',
    'participant/choose-data.ts',
    'observations/observation-service.ts',
    'observations/parse-batch.ts',
    'observations/open-batch.ts',
    'ingest/session.ts',
    'ingest/json/json-rows.ts',
    'ingest/litellm/map-payload.ts',
    'ingest/otlp/decode-protobuf.ts',
    'ingest/otlp/gen-ai.ts',
    'ingest/names/explain.ts',
  ];
  const [main, worker] = await Promise.all([inputsOf('main.ts'), inputsOf('observations-worker.ts')]);
  expect(worker).toEqual(expect.arrayContaining(ofObservations));
  expect(ofObservations.filter((path) => main.includes(path))).toEqual([]);
});
