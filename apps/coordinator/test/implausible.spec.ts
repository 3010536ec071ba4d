/** Rounds whose sums no honest routers can have sent: they end, and say so wherever an operator looks. */
import { groupOf, type VerifiedRound } from '@secagg/protocol';
import { roundConfigMessage } from '@secagg/schema';
import { request } from 'undici';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { HttpRouter, operatorRequest, vectorOf } from './support/parties';

jest.setTimeout(120_000);

type Vectors = (router: HttpRouter, round: VerifiedRound) => Float64Array;

async function playRounds(fleet: TestFleet, plan: object, rounds: readonly Vectors[]) {
  // Each closes when all of them are in, however long that takes.
  const running = await Running.start(fleet, fleet.config({}, { durationMs: 600_000, ...plan }));
  try {
    running.startCommittee(1);
    await running.epochInForce();
    const { client } = running;
    const routers = fleet.routers.map((identity) => new HttpRouter(fleet.view, identity));
    const phases = [];
    for (const vector of rounds) {
      const action = { action: 'start-round', cluster: fleet.cluster } as const;
      const open = await client.startRound(fleet.cluster, operatorRequest(fleet, fleet.operator, action));
      const { round } = roundConfigMessage.decode(open.announcement.body);
      for (const router of routers) {
        const bytes = router.buildFrom(open, (verified) => vector(router, verified));
        await router.send(client, open, bytes);
      }
      phases.push((await client.roundStatus(fleet.cluster, round, { waitMs: 30_000 }))?.phase);
    }
    const signal = await client.signal(fleet.cluster);
    const metrics = await (await request(`${running.origin}/metrics`)).body.text();
    return { phases, signal, metrics };
  } finally {
    await running.stop();
  }
}

const boast: Vectors = (router, round) => vectorOf(round, router.identity.id === 'router-0' ? 13_806 : 100);

it('a sum of 14,206 requests of 5 routers that may send 1,000 each is published as implausible, counted and shown', async () => {
  const fleet = new TestFleet({ routers: 5, committee: { size: 1, threshold: 1 } });
  const { phases, signal, metrics } = await playRounds(fleet, { maxRequestsPerRouter: 1000 }, [boast]);
  expect(phases).toEqual(['published']);
  expect(signal?.implausible).toEqual([
    {
      group: 0,
      routers: fleet.routers.map(({ id }) => id),
      reason: 'out_of_range',
      key: expect.any(String) as string,
      field: 'samples',
    },
  ]);
  expect(signal?.signal.reward_signals).toEqual({});
  expect(metrics).toMatch(/^secure_agg_rounds_implausible_total\{cluster="[0-9a-f]+"\} 1$/m);
});

it('takes the place of no usable result, beside which it is shown', async () => {
  const fleet = new TestFleet({ routers: 5, committee: { size: 1, threshold: 1 } });
  const honest: Vectors = (_router, round) => vectorOf(round, 100);
  const { signal } = await playRounds(fleet, { maxRequestsPerRouter: 1000 }, [honest, boast]);
  expect(signal?.signal).toMatchObject({ aggregation_round: 1, reward_signals: { 'm1:t1': { total_samples: 500 } } });
  expect(signal).not.toHaveProperty('implausible');
  expect(signal?.newer_implausible).toMatchObject({ round: 2, groups: [{ group: 0, reason: 'out_of_range' }] });
});

it('a round whose groups all have sums as large as words can be is published, not finished for ever', async () => {
  const groups = 100;
  const fleet = new TestFleet({
    routers: 200,
    committee: { size: 1, threshold: 1 },
    minParticipants: 1,
    policy: { max_groups: groups },
  });
  const liars = new Set<number>();
  const plan = { groups, minParticipantsPerGroup: 1, maxRequestsPerRouter: 2 ** 22 };
  const lie: Vectors = (router, { config, dimension }) => {
    // One of each group: two would wrap around.
    const group = groupOf(config, router.identity.id);
    const isFirst = !liars.has(group);
    liars.add(group);
    return new Float64Array(dimension).fill(isFirst ? 2 ** (config.layout.word_bits - 1) - 1 : 0);
  };
  const { phases, signal, metrics } = await playRounds(fleet, plan, [lie]);
  expect(liars.size).toBeGreaterThan(65);
  expect(phases).toEqual(['published']);
  expect(signal?.implausible).toHaveLength(liars.size);
  expect(metrics).toMatch(/^secure_agg_rounds_implausible_total\{cluster="[0-9a-f]+"\} 1$/m);
});
