import { auditTranscript } from '@secagg/protocol';
import { closingMessage, memberViewsMessage, roundConfigMessage } from '@secagg/schema';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { HttpRouter, operatorRequest } from './support/parties';

jest.setTimeout(60_000);

describe('one round over HTTP', () => {
  const fleet = new TestFleet({ routers: 5, committee: { size: 4, threshold: 2 } });
  let running: Running;

  beforeAll(async () => {
    running = await Running.start(fleet);
    running.startCommittee(4);
    await running.epochInForce();
  });
  afterAll(() => running.stop());

  it('publishes the exact sum of those who took part, and everybody can verify it', async () => {
    const { client } = running;
    const routers = fleet.routers.slice(0, 4).map((identity) => new HttpRouter(fleet.view, identity));
    const waiting = routers.map((router) =>
      client.openRound(fleet.cluster, { after: 0, router: router.identity.id, waitMs: 10_000 }),
    );
    const started = await client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, {
        action: 'start-round',
        cluster: fleet.cluster,
        overrides: { duration_ms: 1500 },
      }),
    );
    const opens = await Promise.all(waiting);
    const { round } = roundConfigMessage.decode(started.announcement.body);
    expect(round).toBe(1);
    await Promise.all(
      routers.map(async (router, i) => {
        const open = opens[i];
        if (!open) throw new Error('no round opened');
        await router.send(client, open, router.build(open, 10 * (i + 1)));
      }),
    );
    const status = await client.roundStatus(fleet.cluster, round, { waitMs: 20_000 });
    expect(status).toMatchObject({ phase: 'published', contributions: 4 });

    const settled = await Promise.all(routers.map((router) => router.settle(client, fleet.cluster, round)));
    expect(settled.map(({ outcome }) => outcome)).toEqual(['included', 'included', 'included', 'included']);
    expect(auditTranscript(fleet.authority.publicKey, await client.transcript(fleet.cluster, round)).kind).toBe(
      'opened',
    );
    const published = await client.signal(fleet.cluster);
    expect(published?.signal.participant_count).toBe(4);
    expect(published?.signal.reward_signals['m1:t1']).toMatchObject({ total_samples: 100, success_rate: 1 });
    expect(published?.signal.reward_signals['m1:t1'].avg_latency).toBeCloseTo(1, 3);
    expect(published?.privacy.epsilon).toBeNull();
    expect(await client.latestRound(fleet.cluster)).toMatchObject({ round: 1, phase: 'published' });
  });

  it('signs the list of contributions for members that ask for it, and shows older ones what they know', async () => {
    const shown = async (query: string) => {
      const response = await fetch(`${running.origin}/v1/clusters/${fleet.cluster}/rounds/1/views?member=0${query}`);
      return memberViewsMessage.decode(new Uint8Array(await response.arrayBuffer()));
    };
    const { closing, ...rest } = await shown('&closing=true');
    expect(closingMessage.decode(closing?.body as Uint8Array)).toMatchObject({ round: 1, count: 4 });
    expect(await shown('')).toEqual(rest);
  });

  it('keeps its signal when a round that nobody has data for is published after it', async () => {
    const { client } = running;
    const routers = fleet.routers.slice(0, 3).map((identity) => new HttpRouter(fleet.view, identity));
    const started = await client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, {
        action: 'start-round',
        cluster: fleet.cluster,
        overrides: { max_participants: 3 },
      }),
    );
    for (const router of routers) await router.send(client, started, router.build(started, 0));
    expect(await client.roundStatus(fleet.cluster, 2, { waitMs: 20_000 })).toMatchObject({ phase: 'published' });
    const [router] = routers;
    const { audited } = await router.settle(client, fleet.cluster, 2);
    expect(audited.kind).toBe('opened');
    expect((await client.signal(fleet.cluster))?.signal).toMatchObject({ aggregation_round: 1, participant_count: 4 });
  });
});
