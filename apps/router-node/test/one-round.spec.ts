/**
 * Whole rounds with real router-node processes: four routers, all of them on the committee, any one of which may be
 * absent.
 */
import { type RewardObservation, signalFromObservations, splitSignalKey } from '@secagg/schema';
import { eventually } from '@secagg/testbed/wait';
import { catalogue, CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(120_000);

let fleet: TestFleet;
let coordinator: CoordinatorDouble;
let nodes: NodeProcess[] = [];

const rowsOf = (router: number, count = 12): RewardObservation[] =>
  Array.from({ length: count }, (_, i) => {
    const { model, task } = splitSignalKey(catalogue[(i + router) % catalogue.length]);
    return {
      model,
      task,
      success: (i + router) % 3 !== 0,
      latency_s: 0.25 * ((i % 7) + 1),
      cost_usd: 0.002 * (i + 1),
      tokens: 500,
    };
  });

const start = async (index: number, overrides: Record<string, string> = {}): Promise<NodeProcess> => {
  const node = await NodeProcess.start(fleet.environment(`router-${index}`, coordinator.port, overrides));
  nodes.push(node);
  return node;
};

beforeEach(async () => {
  fleet = new TestFleet({ routers: 4, committee: { size: 4, threshold: 2 } });
  coordinator = new CoordinatorDouble(fleet);
  await coordinator.listen();
  nodes = [];
});

afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
  await coordinator.close();
  fleet.remove();
});

const settledEverywhere = (states: readonly string[]) => async (): Promise<boolean> => {
  const all = await Promise.all(nodes.filter((node) => !node.exit).map((node) => node.client.status()));
  return all.every((status) => states.every((state, i) => status.participations[i]?.state === state));
};

it('sums the observations of all routers, also of nodes that started before the coordinator, and gives them the verified signal', async () => {
  const { port } = coordinator;
  await coordinator.hangUp();
  for (let i = 0; i < 4; i++) await start(i);
  const rows = nodes.map((_, i) => rowsOf(i));
  for (const [i, node] of nodes.entries())
    expect(await node.client.postObservations(rows[i])).toMatchObject({ accepted: 12 });
  expect((await nodes[0].client.status()).coordinator.reachable).toBe(false);

  await coordinator.listen(port);
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
  const key = coordinator.startRound({ durationMs: 10_000 });
  await eventually('publication', () => coordinator.round(key)?.phase === 'published');
  await eventually('everybody has settled', settledEverywhere(['included']));

  const truth = signalFromObservations(rows.flat(), {
    aggregation_round: 1,
    cluster_hash: fleet.cluster,
    timestamp: new Date().toISOString(),
    participant_count: 4,
  });
  for (const node of nodes) {
    const published = await node.client.signal();
    expect(published?.signal.participant_count).toBe(4);
    for (const name of catalogue) {
      const [got, expected] = [published?.signal.reward_signals[name], truth.reward_signals[name]];
      expect(got?.total_samples).toBe(expected.total_samples);
      expect(Math.abs((got?.success_rate ?? NaN) - expected.success_rate)).toBeLessThan(1e-5);
      expect(Math.abs((got?.avg_latency ?? NaN) - expected.avg_latency)).toBeLessThan(5e-4);
      expect(Math.abs((got?.cost_efficiency ?? NaN) - (expected.cost_efficiency ?? NaN))).toBeLessThan(1e-9);
    }
    expect((await node.client.status()).observations).toEqual({ waiting: 0, taken: 0 });
  }
});

it('takes observations back when a round is aborted, and they enter the next one', async () => {
  for (let i = 0; i < 4; i++) await start(i);
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
  for (const [i, node] of nodes.entries()) await node.client.postObservations(rowsOf(i, 5));
  // Only the announcement reaches the routers: nobody can contribute.
  coordinator.intercept = (request, response) => {
    if (!request.url?.endsWith('/contributions')) return false;
    response.writeHead(503).end();
    return true;
  };
  const aborted = coordinator.startRound({ durationMs: 4000 });
  await eventually('the abort', () => coordinator.round(aborted).phase === 'aborted');
  coordinator.intercept = () => false;
  await eventually('everybody has settled', settledEverywhere(['aborted']));
  for (const node of nodes) expect((await node.client.status()).observations).toEqual({ waiting: 5, taken: 0 });
  const next = coordinator.startRound();
  await eventually('publication', () => coordinator.round(next).phase === 'published');
  await eventually('everybody has settled', settledEverywhere(['included', 'aborted']));
  const published = await nodes[0].client.signal();
  expect(
    Object.values(published?.signal.reward_signals ?? {}).reduce((sum, entry) => sum + entry.total_samples, 0),
  ).toBe(20);
});

it('goes on without a member that dies before its answer, and takes it back when it returns', async () => {
  for (let i = 0; i < 4; i++) await start(i, i === 3 ? { SECAGG_UNSAFE_CRASH_AT: 'before-send:answer' } : {});
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
  for (const [i, node] of nodes.entries()) await node.client.postObservations(rowsOf(i, 5));
  const key = coordinator.startRound();
  await eventually('publication', () => coordinator.round(key).phase === 'published');
  await eventually('the crash', () => nodes[3].exit !== undefined);
  expect(nodes[3].exit?.signal).toBe('SIGKILL');
  await nodes.pop()?.untilEnded();
  const back = await start(3);
  await eventually('everybody has settled', settledEverywhere(['included']));
  expect((await back.client.status()).committee).toEqual({ epoch: 1, seats: [1] });
  const next = coordinator.startRound();
  await eventually('publication', () => coordinator.round(next).phase === 'published');
  expect(coordinator.round(next).votes.size).toBeGreaterThanOrEqual(3);
});
