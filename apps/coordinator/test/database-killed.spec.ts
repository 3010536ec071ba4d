/** The database server dies in the middle of a round, as with its machine, and comes back. */
import { auditTranscript } from '@secagg/protocol';
import { type Bytes, type OpenRound, roundConfigMessage, SecaggError, type WorkItem } from '@secagg/schema';
import { TestPostgres } from '@secagg/testbed/postgres';
import { until } from '@secagg/testbed/wait';
import { request } from 'undici';
import { TestFleet, useDatabases } from './support/fleet';
import { Running } from './support/in-process';
import { HttpRouter, operatorRequest } from './support/parties';

jest.setTimeout(120_000);

const server = TestPostgres.start();
if (!server) console.error('PostgreSQL is not installed: nothing is tested of a database that dies');
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

(server ? describe : describe.skip)('a database that is killed and started again', () => {
  const postgres = server as TestPostgres;
  let fleet: TestFleet;
  let running: Running;
  /** A second replica on the same database: contributions go to both in turn. */
  let other: Running;
  let turn = 0;
  let members: ReturnType<Running['startCommittee']>;

  beforeAll(async () => {
    useDatabases(() => postgres.createDatabase());
    fleet = new TestFleet({ routers: 12, committee: { size: 4, threshold: 2 } });
    const config = fleet.config({
      leaseMs: 1000,
      timings: { reportGraceMs: 100, answerGraceMs: 500, proposalTimeoutMs: 60_000, undecidedTimeoutMs: 120_000 },
    });
    [running, other] = await Promise.all([Running.start(fleet, config), Running.start(fleet, config)]);
    members = running.startCommittee(4);
    await running.epochInForce();
  });
  afterAll(async () => {
    await running.stop();
    await other.stop();
    postgres.stop();
  });

  const start = (): Promise<OpenRound> =>
    running.client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster }),
    );
  const send = async (router: HttpRouter, open: OpenRound, bytes: Bytes) => {
    for (;;) {
      try {
        return await router.send([running, other][turn++ % 2].client, open, bytes);
      } catch (error) {
        if (!(error instanceof SecaggError) || error.code !== 'unavailable') throw error;
        await pause(50);
      }
    }
  };
  const restartAfter = async (ms: number) => {
    await pause(ms);
    postgres.startAgain();
  };
  /** The published round: exactly what the routers sent, and a place in it for every receipt. */
  const expectExact = async (open: OpenRound, routers: HttpRouter[], requests: number) => {
    const { round } = roundConfigMessage.decode(open.announcement.body);
    await until(
      async () =>
        (await running.client.roundStatus(fleet.cluster, round, { waitMs: 1000 }).catch(() => undefined))?.phase ===
        'published',
      60_000,
    );
    for (const router of routers)
      expect((await router.settle(running.client, fleet.cluster, round)).outcome).toBe('included');
    const audited = auditTranscript(fleet.authority.publicKey, await running.client.transcript(fleet.cluster, round));
    expect(audited.kind === 'opened' && audited.sums.map(({ size }) => size)).toEqual([routers.length]);
    expect((await running.client.signal(fleet.cluster))?.signal).toMatchObject({
      aggregation_round: round,
      reward_signals: { 'm1:t1': { total_samples: requests } },
    });
  };

  it('answers 503 with Retry-After meanwhile, and keeps what it gave receipts for', async () => {
    const open = await start();
    const { round } = roundConfigMessage.decode(open.announcement.body);
    const routers = fleet.routers.map((identity) => new HttpRouter(fleet.view, identity));
    const bodies = routers.map((router) => router.build(open, 5));
    const receipts = await Promise.all(routers.slice(0, 6).map((router, i) => send(router, open, bodies[i])));
    postgres.kill();
    for (const [method, path, body] of [
      ['POST', `/v1/clusters/${fleet.cluster}/rounds/${round}/contributions`, bodies[6]],
      ['GET', `/v1/clusters/${fleet.cluster}/rounds/${round}`, undefined],
      ['GET', `/v1/clusters/${fleet.cluster}/signal`, undefined],
      ['GET', '/readyz', undefined],
      ['GET', '/readyz/store', undefined],
    ] as const) {
      const reply = await request(`${running.origin}${path}`, { method, ...(body ? { body: Buffer.from(body) } : {}) });
      expect([path, reply.statusCode, reply.headers['retry-after']]).toEqual([path, 503, '1']);
      const text = await reply.body.text();
      expect(JSON.parse(text)).toMatchObject({ code: 'unavailable' });
      expect(text).not.toMatch(/127\.0\.0\.1|password|ECONN/);
    }
    expect((await request(`${running.origin}/healthz`)).statusCode).toBe(200);
    postgres.startAgain();
    expect(await Promise.all(routers.slice(0, 6).map((router, i) => send(router, open, bodies[i])))).toEqual(receipts);
    await Promise.all(routers.slice(6).map((router, i) => send(router, open, bodies[6 + i])));
    await expectExact(open, routers, 60);
  });

  it('loses nothing of contributions that are under way when it dies', async () => {
    const open = await start();
    const routers = fleet.routers.map((identity) => new HttpRouter(fleet.view, identity));
    const bodies = routers.map((router) => router.build(open, 3));
    const sending = routers.map(async (router, i) => {
      await pause(i * 20);
      return send(router, open, bodies[i]);
    });
    await pause(120);
    postgres.kill();
    await restartAfter(300);
    await Promise.all(sending);
    await expectExact(open, routers, 36);
  });

  it.each<[WorkItem['kind'], string]>([
    ['report', 'checking'],
    ['vote', 'voting'],
    ['answer', 'answering'],
  ])('completes the round when it dies before any %s', async (kind, phase) => {
    // Members hold back until the database has died and come back.
    for (const member of members) member.ignores.add(kind);
    const open = await start();
    const { round } = roundConfigMessage.decode(open.announcement.body);
    const routers = fleet.routers.map((identity) => new HttpRouter(fleet.view, identity));
    await Promise.all(routers.map((router) => send(router, open, router.build(open, 2))));
    await until(async () => (await running.client.roundStatus(fleet.cluster, round))?.phase === phase);
    postgres.kill();
    for (const member of members) member.ignores.delete(kind);
    await restartAfter(500);
    await expectExact(open, routers, 24);
  });
});
