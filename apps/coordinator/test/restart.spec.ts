import { type Bytes, type OpenRound, SecaggError } from '@secagg/schema';
import { until } from '@secagg/testbed/wait';
import { TestFleet } from './support/fleet';
import { HttpMember, HttpRouter, operatorRequest } from './support/parties';
import { CoordinatorProcess } from './support/process';

jest.setTimeout(120_000);

describe('a coordinator that is killed', () => {
  const fleet = new TestFleet({ routers: 5, committee: { size: 4, threshold: 2 } });
  const config = fleet.config();
  const members = fleet.routers.slice(0, 4).map((identity) => new HttpMember(fleet.view, identity));
  let coordinator: CoordinatorProcess;
  let serving: Promise<void>[] = [];

  beforeAll(async () => {
    coordinator = await CoordinatorProcess.start(fleet, config);
    serving = members.map((member) => member.serve(() => coordinator.origin));
    await until(async () => (await coordinator.client.currentEpoch()) !== undefined);
  });
  afterAll(async () => {
    for (const member of members) member.stop();
    await Promise.all(serving);
    await coordinator.kill();
  });

  const startRound = (): Promise<OpenRound> =>
    coordinator.client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster }),
    );

  const restart = async (environment: Record<string, string> = {}) => {
    coordinator = await CoordinatorProcess.start(fleet, config, environment);
  };

  it('keeps what it gave receipts for, and gives the same receipt to a retry', async () => {
    const open = await startRound();
    const routers = fleet.routers.slice(0, 3).map((identity) => new HttpRouter(fleet.view, identity));
    const bodies = routers.map((router) => router.build(open, 10));
    const receipts = [
      await routers[0].send(coordinator.client, open, bodies[0]),
      await routers[1].send(coordinator.client, open, bodies[1]),
    ];
    expect(await coordinator.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    await restart();

    expect(await coordinator.client.latestRound(fleet.cluster)).toMatchObject({
      round: 1,
      phase: 'collecting',
      contributions: 2,
    });
    expect(await routers[0].send(coordinator.client, open, bodies[0])).toEqual(receipts[0]);
    await routers[2].send(coordinator.client, open, bodies[2]);
    const status = await coordinator.client.roundStatus(fleet.cluster, 1, { waitMs: 30_000 });
    expect(status).toMatchObject({ phase: 'published', contributions: 3 });
    for (const router of routers)
      expect((await router.settle(coordinator.client, fleet.cluster, 1)).outcome).toBe('included');
    expect(await coordinator.client.transcript(fleet.cluster, 1)).toMatchObject({ contributions: [{}, {}, {}] });
  });

  // Each of these moments once: the routers retry, the members ask for work again, and the round completes.
  it.each([
    ['before-durable:contribution-accepted#2', 'while contributions come in'],
    ['in-durable:contribution-accepted#2', 'inside the transaction of a contribution'],
    ['before-reply:post-contribution', 'after a contribution is durable, before its receipt'],
    ['after-durable:round-closed', 'at the close'],
    ['before-durable:round-proposed', 'at the proposal'],
    ['after-durable:vote-received#2', 'in the middle of the votes'],
    ['in-durable:answer-received', 'at the first answer'],
    ['before-durable:round-published', 'before the publication'],
    ['before-durable:finish-round', 'between publication and transcript'],
    ['after-durable:finish-round', 'after the transcript'],
  ])('completes the round exactly when it dies at %s (%s)', async (failpoint) => {
    await coordinator.kill();
    await restart({ SECAGG_UNSAFE_CRASH_AT: failpoint });
    const before = ((await coordinator.client.latestRound(fleet.cluster)) as { round: number }).round;
    const open = await startRound();
    const dying = coordinator;
    const routers = fleet.routers.map((identity) => new HttpRouter(fleet.view, identity));
    const retry = async (router: HttpRouter, bytes: Bytes) => {
      for (;;) {
        try {
          return await router.send(coordinator.client, open, bytes);
        } catch (error) {
          if (!(error instanceof SecaggError) || error.code !== 'unavailable') throw error;
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
      }
    };
    const sending = Promise.all(routers.map((router) => retry(router, router.build(open, 7))));
    expect(await dying.ended()).toEqual({ code: null, signal: 'SIGKILL' });
    await restart();
    await sending;
    const status = await coordinator.client.roundStatus(fleet.cluster, before + 1, { waitMs: 30_000 });
    expect(status).toMatchObject({ round: before + 1, phase: 'published', contributions: 5 });
    expect((await routers[4].settle(coordinator.client, fleet.cluster, before + 1)).outcome).toBe('included');
    const published = await coordinator.client.signal(fleet.cluster);
    expect(published?.signal).toMatchObject({
      aggregation_round: before + 1,
      reward_signals: { 'm1:t1': { total_samples: 35 } },
    });
  });

  it('ends at once and cleanly on SIGTERM, also while somebody waits', async () => {
    const waiting = coordinator.client.openRound(fleet.cluster, { after: 1000, router: 'router-0', waitMs: 50_000 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const ended = coordinator.stop();
    expect(await waiting).toBeUndefined();
    expect(await ended).toEqual({ code: 0, signal: null });
    await restart();
    await coordinator.client.ready();
  });
});
