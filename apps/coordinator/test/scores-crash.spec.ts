/**
 * Scores over rounds at a coordinator that is killed around the write of a finished round: no round is lost, and none
 * counted twice.
 */
import { until } from '@secagg/testbed/wait';
import { TestFleet } from './support/fleet';
import { HttpMember, HttpRouter, operatorRequest } from './support/parties';
import { CoordinatorProcess } from './support/process';

jest.setTimeout(120_000);

const ROUTERS = 12;
// With 12 routers in 3 groups, a round that opens fewer than two of them comes once in 177 147.
const fleet = new TestFleet({
  routers: ROUTERS,
  committee: { size: 1, threshold: 1 },
  minParticipants: 1,
  policy: { max_groups: 3 },
});
const config = fleet.config({}, { groups: 3, combination: 'median' });
const member = new HttpMember(fleet.view, fleet.routers[0]);
let coordinator: CoordinatorProcess;
let serving: Promise<void>;

beforeAll(async () => {
  coordinator = await CoordinatorProcess.start(fleet, config);
  serving = member.serve(() => coordinator.origin);
  await until(async () => (await coordinator.client.currentEpoch()) !== undefined);
});
afterAll(async () => {
  member.stop();
  await serving;
  await coordinator.kill();
});

it.each([
  [1, 'before-durable:finish-round'],
  [2, 'in-durable:finish-round'],
  [3, 'after-durable:finish-round'],
  [4, 'before-durable:round-published'],
])('round %d, killed %s', async (number, failpoint) => {
  await coordinator.kill();
  coordinator = await CoordinatorProcess.start(fleet, config, { SECAGG_UNSAFE_CRASH_AT: failpoint });
  const open = await coordinator.client.startRound(
    fleet.cluster,
    operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster }),
  );
  const dying = coordinator;
  const routers = fleet.routers.map((identity) => new HttpRouter(fleet.view, identity));
  await Promise.all(routers.map((router) => router.send(dying.client, open, router.build(open, 20))));
  expect(await dying.ended()).toEqual({ code: null, signal: 'SIGKILL' });

  coordinator = await CoordinatorProcess.start(fleet, config);
  expect(await coordinator.client.roundStatus(fleet.cluster, number, { waitMs: 20_000 })).toMatchObject({
    phase: 'published',
    contributions: ROUTERS,
  });
  await coordinator.client.transcript(fleet.cluster, number);
  const report = await coordinator.client.suspicion(fleet.cluster);
  expect(report).toMatchObject({ rounds: number, latest_round: number, suspects: [] });
  expect(report.routers.map(({ rounds }) => rounds)).toEqual(Array.from({ length: ROUTERS }, () => number));
});
