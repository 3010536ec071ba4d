import { unitsToRho } from '@secagg/dp-noise';
import { roundConfigMessage } from '@secagg/schema';
import { request } from 'undici';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { HttpMember, HttpRouter, operatorRequest } from './support/parties';

jest.setTimeout(60_000);

describe('a finished round', () => {
  const fleet = new TestFleet({ routers: 4, committee: { size: 4, threshold: 2 } });
  const config = fleet.config(
    { finishedRoundRetentionMs: 0, epochSetupTimeoutMs: 2000 },
    { privacy: { rho: unitsToRho(2 ** 36) }, maxParticipants: 3 },
  );
  let running: Running;

  const round = async (): Promise<number> => {
    await running.epochInForce();
    const open = await running.client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster }),
    );
    const routers = fleet.routers.slice(0, 3).map((identity) => new HttpRouter(fleet.view, identity));
    for (const router of routers) await router.send(running.client, open, router.build(open, 3));
    const { round: number } = roundConfigMessage.decode(open.announcement.body);
    expect((await running.client.roundStatus(fleet.cluster, number, { waitMs: 20_000 }))?.phase).toBe('published');
    await running.client.transcript(fleet.cluster, number);
    return number;
  };
  const budgetSpent = async () =>
    Number(
      /^secure_agg_privacy_budget_spent_epsilon\{\S+\} (\S+)$/m.exec(
        await (await request(`${running.origin}/metrics`)).body.text(),
      )?.[1],
    );

  it('leaves journal and memory, and everything that is said of it stays the same, also after restarts', async () => {
    running = await Running.start(fleet, config);
    const members = fleet.routers.map((identity) => new HttpMember(fleet.view, identity));
    const serving = members.map((member) => member.serve(() => running.origin));
    expect(await round()).toBe(1);
    const spent = await budgetSpent();
    expect(spent).toBeGreaterThan(0);
    const said = async () => ({
      status: await running.client.roundStatus(fleet.cluster, 1),
      signal: await running.client.signal(fleet.cluster),
      transcript: await running.client.transcript(fleet.cluster, 1),
    });
    const before = await said();
    // The first restart releases the round; the second starts without any entry of it.
    for (let restart = 0; restart < 2; restart++) {
      await running.stop();
      running = await Running.start(fleet, config);
      await running.releaseNow();
      expect(await said()).toEqual(before);
      expect(await budgetSpent()).toBeCloseTo(spent, 12);
    }
    const late = running.client.contribute(fleet.cluster, 1, new Uint8Array(10));
    await expect(late).rejects.toMatchObject({ code: 'stale_round' });
    expect(await round()).toBe(2);
    expect(await budgetSpent()).toBeGreaterThan(spent);
    for (const member of members) member.stop();
    await Promise.all(serving);
    await running.stop();
  });
});
