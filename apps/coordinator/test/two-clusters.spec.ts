/** Rounds and budgets of two clusters, each under its own label. */
import { createClusterHash, roundConfigMessage } from '@secagg/schema';
import { request } from 'undici';
import { keys, TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { HttpRouter, operatorRequest } from './support/parties';

jest.setTimeout(60_000);

const other = createClusterHash('other', 'a-salt-for-tests-only');
const unknown = 'ffffffffffffffff';
const fleet = new TestFleet({ routers: 3, committee: { size: 1, threshold: 1 }, otherClusters: [other] });
const plan = {
  keys,
  minParticipantsPerGroup: 2,
  maxParticipants: 3,
  sendDelayMs: 0,
  durationMs: 20_000,
};
let running: Running;

beforeAll(async () => {
  running = await Running.start(
    fleet,
    fleet.config({
      clusters: [
        { ...plan, cluster: fleet.cluster, privacy: { rho: 'unsafe-none' } },
        { ...plan, cluster: other, privacy: { rho: 0.01 } },
      ],
    }),
  );
  running.startCommittee(1);
  await running.epochInForce();
});
afterAll(() => running.stop());

const samples = async () => {
  const text = await (await request(`${running.origin}/metrics`)).body.text();
  return new Map(text.split('\n').map((line) => [line.slice(0, line.lastIndexOf(' ')), line.split(' ').pop()]));
};
async function round(cluster: string, participants: number): Promise<void> {
  const { client } = running;
  const start = operatorRequest(fleet, fleet.operator, {
    action: 'start-round',
    cluster: cluster as typeof other,
    overrides: { duration_ms: 1500 },
  });
  const open = await client.startRound(cluster, start);
  const { round: number } = roundConfigMessage.decode(open.announcement.body);
  for (const identity of fleet.routers.slice(0, participants)) {
    const router = new HttpRouter(fleet.view, identity);
    await router.send(client, open, router.build(open, 3));
  }
  expect((await client.roundStatus(cluster, number, { waitMs: 20_000 }))?.phase).toBe('published');
}

it('are counted apart, from zero on, and nobody else can add a label', async () => {
  const counts = (found: Map<string, string | undefined>, cluster: string) =>
    [
      'federated_rounds_completed',
      'federated_reward_batches_total',
      'federation_round_duration_seconds_count',
      'secure_agg_participants',
      'secure_agg_rounds_implausible_total',
    ].map((name) => found.get(`${name}{cluster="${cluster}"}`));
  const before = await samples();
  for (const cluster of [fleet.cluster, other])
    expect(counts(before, cluster)).toEqual(['0', '0', undefined, undefined, '0']);

  await round(fleet.cluster, 2);
  await round(fleet.cluster, 3);
  await round(other, 2);
  await request(`${running.origin}/v1/clusters/${unknown}/rounds/1/contributions`, { method: 'POST', body: 'x' });
  await request(`${running.origin}/v1/clusters/${unknown}/signal`);

  const after = await samples();
  expect(counts(after, fleet.cluster)).toEqual(['2', '5', '2', '3', '0']);
  expect(counts(after, other)).toEqual(['1', '2', '1', '2', '0']);
  const spent = (cluster: string) => Number(after.get(`secure_agg_privacy_budget_spent_epsilon{cluster="${cluster}"}`));
  expect(spent(fleet.cluster)).toBe(0);
  expect(spent(other)).toBeGreaterThan(0.1);
  expect(after.get(`secure_agg_privacy_protects{cluster="${other}",protection="window"}`)).toBe('1');
  expect([...after.keys()].filter((series) => series.includes(unknown))).toEqual([]);
});
