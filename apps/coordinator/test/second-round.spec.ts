/** One open round a cluster, over HTTP: a second one only when the operator's signed request says so. */
import { roundConfigMessage } from '@secagg/schema';
import { TestFleet } from './support/fleet';
import { operatorRequest } from './support/parties';
import { Running } from './support/in-process';

const fleet = new TestFleet({ routers: 3, committee: { size: 1, threshold: 1 } });
let running: Running;

beforeAll(async () => {
  running = await Running.start(fleet);
  running.startCommittee(1);
  await running.epochInForce();
});
afterAll(() => running.stop());

const request = (force?: true) =>
  operatorRequest(fleet, fleet.operator, {
    action: 'start-round',
    cluster: fleet.cluster,
    overrides: { duration_ms: 600_000 },
    ...(force ? { force } : {}),
  });

it('is refused while one takes contributions, changes nothing, is counted, and the same request serves again', async () => {
  const { client } = running;
  await client.startRound(fleet.cluster, request());
  const second = request();
  for (const signed of [second, request(), second])
    await expect(client.startRound(fleet.cluster, signed, { attempts: 1 })).rejects.toMatchObject({
      code: 'round_open',
      details: { status: 409, round: 1 },
    });
  expect(await client.latestRound(fleet.cluster)).toMatchObject({ round: 1, phase: 'collecting' });
  const metrics = await (await fetch(`${running.origin}/metrics`)).text();
  expect(metrics).toMatch(/^secure_agg_failures_total\{reason="policy"\} 3$/m);
});

it('is started when the request says so', async () => {
  const open = await running.client.startRound(fleet.cluster, request(true));
  expect(roundConfigMessage.decode(open.announcement.body).round).toBe(2);
});
