/**
 * A router before a coordinator that has too much to do: it waits as it is told, keeps its contribution, and loses
 * nothing when it comes too late.
 */
import { type RewardObservation } from '@secagg/schema';
import { eventually } from '@secagg/testbed/wait';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(60_000);

let fleet: TestFleet;
let coordinator: CoordinatorDouble;
let nodes: NodeProcess[] = [];
const row: RewardObservation = { model: 'm1', task: 't1', success: true, latency_s: 1 };
const plan = { minParticipantsPerGroup: 1, durationMs: 3000 };

beforeEach(async () => {
  fleet = new TestFleet({ routers: 2, committee: { size: 1, threshold: 1 }, minParticipants: 1 });
  coordinator = new CoordinatorDouble(fleet);
  await coordinator.listen();
  nodes = [
    await NodeProcess.start(fleet.environment('router-0', coordinator.port)),
    await NodeProcess.start(fleet.environment('router-1', coordinator.port)),
  ];
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
});
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
  await coordinator.close();
  fleet.remove();
});

/** Turns contributions away while `closed` says so. */
function turnAway(closed: () => boolean, retryAfterS: number): { bodies: Buffer[]; atMs: number[] } {
  const seen = { bodies: [] as Buffer[], atMs: [] as number[] };
  coordinator.intercept = (request, response) => {
    if (!request.url?.endsWith('/contributions') || !closed()) return false;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.bodies.push(Buffer.concat(chunks));
      seen.atMs.push(Date.now());
      response
        .writeHead(503, { 'retry-after': String(retryAfterS), 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code: 'unavailable', detail: 'busy' }));
    });
    return true;
  };
  return seen;
}

it('waits for as long as it is told, and sends the same bytes again', async () => {
  await nodes[0].stop('SIGKILL');
  await nodes[1].client.postObservations([row]);
  const seen = turnAway(() => seen.bodies.length < 2, 1);
  const key = coordinator.startRound({ ...plan, durationMs: 20_000, maxParticipants: 1 });
  await eventually('its contribution', () => coordinator.round(key).accepted.size === 1);
  expect(seen.bodies).toHaveLength(2);
  expect(seen.bodies[1].equals(seen.bodies[0])).toBe(true);
  expect(Buffer.from(coordinator.received[0].bytes).equals(seen.bodies[0])).toBe(true);
  // Its own back-off is at most 200 ms: so it was the coordinator's wish that it kept to.
  expect(seen.atMs[1] - seen.atMs[0]).toBeGreaterThanOrEqual(990);
});

it('is told that the round is over when it comes too late, and its observations go to the next one', async () => {
  await nodes[1].client.postObservations([row, row]);
  await nodes[0].client.postObservations([row]);
  let open = false;
  coordinator.intercept = (request, response) => {
    if (open || !request.url?.endsWith('/contributions')) return false;
    request.resume().on('end', () => response.writeHead(503, { 'retry-after': '1' }).end());
    return true;
  };
  const key = coordinator.startRound({ ...plan, durationMs: 4000, maxParticipants: 2 });
  await eventually('the close', () => coordinator.round(key).phase !== 'collecting');
  open = true;
  expect(coordinator.round(key).accepted.size).toBe(0);
  const late = () =>
    coordinator.refused.filter(({ path, code }) => path.endsWith('/contributions') && code === 'stale_round');
  await eventually('both are told', () => late().length === 2);
  await eventually('the end of the round', () => ['published', 'aborted'].includes(coordinator.round(key).phase));
  await eventually(
    'observations that wait again',
    async () => (await nodes[1].client.status()).observations.waiting === 2,
  );
  const next = coordinator.startRound({ ...plan, durationMs: 10_000, maxParticipants: 2 });
  await eventually('the next round', () => coordinator.round(next).phase === 'published');
  await eventually(
    'all observations',
    async () => (await nodes[0].client.signal())?.signal.reward_signals['m1:t1']?.total_samples === 3,
  );
});
