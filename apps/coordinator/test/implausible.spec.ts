/** Rounds whose sums no honest routers can have sent: they end, and say so wherever an operator looks. */
import { groupOf, type VerifiedRound } from '@secagg/protocol';
import { roundConfigMessage } from '@secagg/schema';
import { request } from 'undici';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { HttpRouter, operatorRequest, vectorOf } from './support/parties';

jest.setTimeout(120_000);

async function playRound(
  fleet: TestFleet,
  plan: object,
  vector: (router: HttpRouter, round: VerifiedRound) => Float64Array,
) {
  // It closes when all of them are in, however long that takes.
  const running = await Running.start(fleet, fleet.config({}, { durationMs: 600_000, ...plan }));
  try {
    running.startCommittee(1);
    await running.epochInForce();
    const { client } = running;
    const action = { action: 'start-round', cluster: fleet.cluster } as const;
    const open = await client.startRound(fleet.cluster, operatorRequest(fleet, fleet.operator, action));
    const { round } = roundConfigMessage.decode(open.announcement.body);
    for (const identity of fleet.routers) {
      const router = new HttpRouter(fleet.view, identity);
      await router.send(
        client,
        open,
        router.buildFrom(open, (verified) => vector(router, verified)),
      );
    }
    const status = await client.roundStatus(fleet.cluster, round, { waitMs: 30_000 });
    const signal = await client.signal(fleet.cluster);
    const metrics = await (await request(`${running.origin}/metrics`)).body.text();
    return { phase: status?.phase, signal, metrics };
  } finally {
    await running.stop();
  }
}

it('a sum of 14,206 requests of 5 routers that may send 1,000 each is published as implausible, counted and shown', async () => {
  const fleet = new TestFleet({ routers: 5, committee: { size: 1, threshold: 1 } });
  const { phase, signal, metrics } = await playRound(fleet, { maxRequestsPerRouter: 1000 }, (router, round) =>
    vectorOf(round, router.identity.id === 'router-0' ? 13_806 : 100),
  );
  expect(phase).toBe('published');
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
  expect(metrics).toMatch(/^secure_agg_rounds_implausible_total 1$/m);
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
  const { phase, signal, metrics } = await playRound(fleet, plan, (router, { config, dimension }) => {
    // One of each group: two would wrap around.
    const group = groupOf(config, router.identity.id);
    const isFirst = !liars.has(group);
    liars.add(group);
    return new Float64Array(dimension).fill(isFirst ? 2 ** (config.layout.word_bits - 1) - 1 : 0);
  });
  expect(liars.size).toBeGreaterThan(65);
  expect(phase).toBe('published');
  expect(signal?.implausible).toHaveLength(liars.size);
  expect(metrics).toMatch(/^secure_agg_rounds_implausible_total 1$/m);
});
