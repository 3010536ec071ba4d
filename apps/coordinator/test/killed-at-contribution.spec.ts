/**
 * A replica dies around the insert of a contribution: before it, while it is under way, and between it and the receipt.
 */
import { auditTranscript } from '@secagg/protocol';
import { type OpenRound, roundConfigMessage, SecaggError } from '@secagg/schema';
import { TestPostgres } from '@secagg/testbed/postgres';
import { until } from '@secagg/testbed/wait';
import pg from 'pg';
import { TestFleet, useDatabases } from './support/fleet';
import { HttpMember, HttpRouter, operatorRequest } from './support/parties';
import { CoordinatorProcess } from './support/process';

jest.setTimeout(120_000);

const ROUTERS = 6;
const server = TestPostgres.start();
if (!server) console.error('PostgreSQL is not installed: replicas that die are NOT tested');

(server ? describe : describe.skip)('a replica that dies with a contribution in its hands', () => {
  let fleet: TestFleet;
  let config: object;
  let other: CoordinatorProcess;
  let members: HttpMember[];
  let serving: Promise<void>[];

  beforeAll(async () => {
    useDatabases(() => (server as TestPostgres).createDatabase());
    fleet = new TestFleet({ routers: ROUTERS, committee: { size: 4, threshold: 2 } });
    config = fleet.config({ leaseMs: 1000 }, { maxParticipants: ROUTERS, durationMs: 600_000 });
    other = await CoordinatorProcess.start(fleet, config);
    members = fleet.routers.slice(0, 4).map((identity) => new HttpMember(fleet.view, identity));
    serving = members.map((member) => member.serve(() => other.origin));
    await until(async () => (await other.client.currentEpoch()) !== undefined, 60_000);
  });
  afterAll(async () => {
    for (const member of members) member.stop();
    await Promise.all(serving);
    expect(await other.stop()).toEqual({ code: 0, signal: null });
    server?.stop();
  });

  const stored = async (round: number): Promise<number> => {
    const connection = new pg.Client(fleet.databaseUrl);
    await connection.connect();
    try {
      const text = 'SELECT 1 FROM contributions WHERE round_key = $1';
      return (await connection.query(text, [`${fleet.cluster}/${round}`])).rows.length;
    } finally {
      await connection.end();
    }
  };

  it.each([
    ['before-durable:contribution-accepted', [0]],
    ['in-durable:contribution-accepted', [0, 1]],
    ['after-durable:contribution-accepted', [1]],
    ['before-reply:post-contribution', [1]],
  ])('at %s leaves nothing half done, and another one gives the receipt', async (point, possible) => {
    const dying = await CoordinatorProcess.start(fleet, config, { SECAGG_UNSAFE_CRASH_AT: point });
    const open: OpenRound = await other.client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster }),
    );
    const { round } = roundConfigMessage.decode(open.announcement.body);
    const routers = fleet.routers.map((identity) => new HttpRouter(fleet.view, identity));
    const bodies = routers.map((router, i) => router.build(open, i + 1));
    const failure: unknown = await dying.client
      .contribute(fleet.cluster, round, bodies[0], { attempts: 1 })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SecaggError);
    expect(await dying.ended()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(possible).toContain(await stored(round));
    const receipts = await Promise.all(routers.map((router, i) => router.send(other.client, open, bodies[i])));
    await until(
      async () => (await other.client.roundStatus(fleet.cluster, round, { waitMs: 1000 }))?.phase === 'published',
      60_000,
    );
    expect(await routers[0].send(other.client, open, bodies[0])).toEqual(receipts[0]);
    const audited = auditTranscript(fleet.authority.publicKey, await other.client.transcript(fleet.cluster, round));
    expect(audited.kind === 'opened' && audited.sums.map(({ size }) => size)).toEqual([ROUTERS]);
    expect((await other.client.signal(fleet.cluster))?.signal).toMatchObject({
      aggregation_round: round,
      reward_signals: { 'm1:t1': { total_samples: (ROUTERS * (ROUTERS + 1)) / 2 } },
    });
    for (const router of routers)
      expect((await router.settle(other.client, fleet.cluster, round)).outcome).toBe('included');
  });
});
