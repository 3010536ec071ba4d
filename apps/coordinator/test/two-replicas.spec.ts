/** What one replica was told, the other one knows at once. */
import { verifyDecisionProof, verifyEvidence } from '@secagg/protocol';
import { decisionProofMessage, type OpenRound, roundConfigMessage, SecaggError } from '@secagg/schema';
import { TestPostgres } from '@secagg/testbed/postgres';
import { until } from '@secagg/testbed/wait';
import pg from 'pg';
import { TestFleet, useDatabases } from './support/fleet';
import { Running } from './support/in-process';
import { HttpMember, HttpRouter, operatorRequest } from './support/parties';

jest.setTimeout(120_000);

const server = TestPostgres.start();
if (!server) console.error('PostgreSQL is not installed: replicas are NOT tested');
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof SecaggError ? error.code : String(error)),
  );

(server ? describe : describe.skip)('two replicas', () => {
  let fleet: TestFleet;
  let one: Running;
  let two: Running;
  let members: HttpMember[];
  let serving: Promise<void>[];

  beforeAll(async () => {
    useDatabases(() => (server as TestPostgres).createDatabase());
    fleet = new TestFleet({ routers: 8, committee: { size: 4, threshold: 2 } });
    const config = fleet.config(
      { finishedRoundRetentionMs: 0 },
      { maxParticipants: 4, trigger: { kind: 'waiting', routers: 4, atMostEveryMs: 500 } },
    );
    [one, two] = await Promise.all([Running.start(fleet, config), Running.start(fleet, config)]);
    // Every member asks another replica each time.
    let turn = 0;
    members = fleet.routers.slice(0, 4).map((identity) => new HttpMember(fleet.view, identity));
    serving = members.map((member) => member.serve(() => [one, two][turn++ % 2].origin));
    await Promise.all([one.epochInForce(), two.epochInForce()]);
  });
  afterAll(async () => {
    for (const member of members) member.stop();
    await Promise.all(serving);
    await Promise.all([one.stop(), two.stop()]);
    server?.stop();
  });

  const contributeTo = async (open: OpenRound, at: readonly Running[]): Promise<void> => {
    await Promise.all(
      at.map(async ({ client }, i) => {
        const router = new HttpRouter(fleet.view, fleet.routers[i]);
        await router.send(client, open, router.build(open, 2));
      }),
    );
  };
  const numberOf = (open: OpenRound): number => roundConfigMessage.decode(open.announcement.body).round;

  it('start one round when enough routers wait, though at neither of them', async () => {
    const waiting = [one, two, one, two].map(({ client }, i) =>
      client.openRound(fleet.cluster, { after: 0, router: fleet.routers[i].id, waitMs: 20_000 }),
    );
    const opens = (await Promise.all(waiting)) as OpenRound[];
    expect(opens.map(numberOf)).toEqual([1, 1, 1, 1]);
    expect(opens.slice(1)).toEqual([opens[0], opens[0], opens[0]]);
    await contributeTo(opens[0], [one, two, two, one]);
    for (const { client } of [two, one]) {
      await until(async () => (await client.roundStatus(fleet.cluster, 1, { waitMs: 1000 }))?.phase === 'published');
      expect((await client.signal(fleet.cluster))?.signal).toMatchObject({
        aggregation_round: 1,
        reward_signals: { 'm1:t1': { total_samples: 8 } },
      });
      expect((await client.transcript(fleet.cluster, 1)).contributions).toHaveLength(4);
      // Counted, though a single group compares nobody.
      expect(await client.suspicion(fleet.cluster)).toMatchObject({ rounds: 0, latest_round: 1, suspects: [] });
      const proof = decisionProofMessage.encode(await client.decision(fleet.cluster, 1));
      expect(verifyDecisionProof(fleet.authority.publicKey, proof).decision.body).toMatchObject({
        kind: 'ready',
        round: 1,
      });
      expect(await client.inclusion(fleet.cluster, 1, fleet.routers[3].id)).toMatchObject({
        router: fleet.routers[3].id,
      });
    }
  });

  it('take one of two contributions of a router, and tell of the other that it is another one', async () => {
    const open = await one.client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster }),
    );
    const [first, second] = [
      new HttpRouter(fleet.view, fleet.routers[5]),
      new HttpRouter(fleet.view, fleet.routers[5]),
    ];
    const outcomes = await Promise.all([
      codeOf(first.send(one.client, open, first.build(open, 1))),
      codeOf(second.send(two.client, open, second.build(open, 1))),
    ]);
    expect(outcomes.sort()).toEqual(['accepted', 'duplicate']);
    // Which is evidence, kept once by whoever refused it, and shown by both.
    await until(async () => (await one.client.evidenceList()).length > 0);
    const kept = await two.client.evidenceList();
    expect(kept).toMatchObject([
      { kind: 'two-contributions', party: fleet.routers[5].id, round: numberOf(open), excluded: false },
    ]);
    expect(await one.client.evidenceList()).toEqual(kept);
    const evidence = await two.client.evidence(kept[0].id);
    expect(verifyEvidence(fleet.authority.publicKey, evidence)).toMatchObject({
      kind: 'two-contributions',
      party: fleet.routers[5].id,
    });
    await Promise.all([one.client.sendEvidence(evidence), two.client.sendEvidence(evidence)]);
    expect(await two.client.evidenceList()).toEqual(kept);
    // And no more than fit, whoever is asked.
    const others = fleet.routers
      .filter((_, i) => i !== 5)
      .slice(0, 6)
      .map((identity) => new HttpRouter(fleet.view, identity));
    const sent = await Promise.all(
      others.map((router, i) => codeOf(router.send([one, two][i % 2].client, open, router.build(open, 1)))),
    );
    expect(sent.filter((outcome) => outcome === 'accepted')).toHaveLength(3);
    // Full, and a moment later closed.
    for (const outcome of sent) expect(['accepted', 'round_full', 'stale_round']).toContain(outcome);
    const round = numberOf(open);
    await until(
      async () => (await two.client.roundStatus(fleet.cluster, round, { waitMs: 1000 }))?.phase === 'published',
    );
  });

  it('let go of finished rounds together, and of what was stored for them', async () => {
    await until(async () =>
      (await Promise.all([one.client.signal(fleet.cluster), two.client.signal(fleet.cluster)])).every(
        (signal) => signal !== undefined,
      ),
    );
    await Promise.all([one.releaseNow(), two.releaseNow()]);
    for (const { client } of [one, two])
      expect(await codeOf(client.contribute(fleet.cluster, 1, new Uint8Array(10)))).toBe('stale_round');
    const connection = new pg.Client(fleet.databaseUrl);
    await connection.connect();
    const left = async () =>
      (
        await connection.query<{ n: number }>(
          "SELECT (SELECT count(*) FROM contributions WHERE round_key LIKE '%/1')::int + (SELECT count(*) FROM partial_sums WHERE round_key LIKE '%/1')::int AS n",
        )
      ).rows[0].n;
    await until(async () => (await left()) === 0);
    expect(
      (await connection.query("SELECT 1 FROM journal WHERE round_key LIKE '%/1' AND round_key NOT LIKE 'epoch/%'"))
        .rows,
    ).toEqual([]);
    await connection.end();
    expect((await two.client.transcript(fleet.cluster, 1)).contributions).toHaveLength(4);
  });

  it('know of new documents at once', async () => {
    const newer = fleet.sign();
    await one.client.putFleet(newer);
    expect(await two.client.fleet()).toEqual(newer);
  });
});
