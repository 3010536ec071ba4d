/**
 * Three coordinators on one database behind a load balancer, one of them killed (or stopped for a while) every two
 * seconds while routers contribute and the committee works. Small here; `npm run replica-test -- --routers 300 --rounds
 * 3 --seed 1 --json FILE` is the whole of it.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { CoordinatorClient } from '@secagg/client';
import { auditTranscript, headerHash } from '@secagg/protocol';
import {
  type Bytes,
  headerMessage,
  type OpenRound,
  receiptMessage,
  roundConfigMessage,
  SecaggError,
  type Signed,
} from '@secagg/schema';
import { TestPostgres } from '@secagg/testbed/postgres';
import { until } from '@secagg/testbed/wait';
import pg from 'pg';
import { TestFleet, useDatabases } from './support/fleet';
import { HttpMember, HttpRouter, operatorRequest } from './support/parties';
import { CoordinatorProcess } from './support/process';
import { RoundRobin } from './support/round-robin';

const number = (name: string, byDefault: number): number => Number(process.env[name] ?? byDefault);
const ROUTERS = number('TEST_REPLICA_ROUTERS', 80);
const ROUNDS = number('TEST_REPLICA_ROUNDS', 1);
const SEED = process.env.TEST_REPLICA_SEED ?? String(Date.now());
/** How long routers take to send, all together: long enough for several kills. */
const SENDING_MS = number('TEST_REPLICA_SENDING_MS', 7000);
/** The database dies too, now and then. */
const KILL_DATABASE = process.env.TEST_REPLICA_KILL_DATABASE === '1';
const KILL_EVERY_MS = 2000;
const REPLICAS = 3;

jest.setTimeout(120_000 + ROUNDS * (SENDING_MS + 120_000));

const server = TestPostgres.start();
if (!server && process.env.TEST_REPLICA_REQUIRED)
  throw new Error('PostgreSQL is not installed: there is nothing to test replicas on');
if (!server) console.error('PostgreSQL is not installed: replicas are NOT tested');
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The same numbers in [0, 1) for the same seed. */
function seeded(seed: string): () => number {
  let count = 0;
  return () => createHash('sha256').update(`${seed} ${count++}`).digest().readUInt32LE(0) / 2 ** 32;
}

(server ? describe : describe.skip)(`three replicas, ${ROUTERS} routers, seed ${SEED}`, () => {
  const draw = seeded(SEED);
  let fleet: TestFleet;
  let replicas: CoordinatorProcess[] = [];
  let balancer: RoundRobin;
  let client: CoordinatorClient;
  let members: HttpMember[];
  let serving: Promise<void>[];
  let kills = 0;
  let pauses = 0;
  let databaseKills = 0;
  let killing = true;
  let killer: Promise<void>;
  const results: object[] = [];

  beforeAll(async () => {
    useDatabases(() => (server as TestPostgres).createDatabase());
    fleet = new TestFleet({ routers: ROUTERS, committee: { size: 4, threshold: 2 } });
    const config = fleet.config(
      {
        leaseMs: 1000,
        finishedRoundRetentionMs: 600_000,
        timings: { reportGraceMs: 500, answerGraceMs: 2000, proposalTimeoutMs: 120_000, undecidedTimeoutMs: 240_000 },
      },
      { durationMs: 600_000 },
    );
    replicas = await Promise.all(Array.from({ length: REPLICAS }, () => CoordinatorProcess.start(fleet, config)));
    balancer = await RoundRobin.start(() => replicas.map(({ port }) => port));
    client = new CoordinatorClient({ url: balancer.origin, connections: 64 });
    members = fleet.routers.slice(0, 4).map((identity) => new HttpMember(fleet.view, identity));
    serving = members.map((member) => member.serve(() => balancer.origin));
    await until(async () => (await client.currentEpoch()) !== undefined, 60_000);
    killer = (async () => {
      while (killing) {
        await pause(KILL_EVERY_MS);
        const victim = Math.floor(draw() * REPLICAS);
        if (KILL_DATABASE && draw() < 0.2) {
          server?.kill();
          await pause(1000 * draw());
          server?.startAgain();
          databaseKills += 1;
          continue;
        }
        // One in four stands still for a while instead, perhaps with the journal's lock in its hands, and goes on with
        // what it was about to do.
        if (draw() < 0.25) {
          await replicas[victim].standStill(1000 + 3000 * draw());
          pauses += 1;
          continue;
        }
        await replicas[victim].kill();
        kills += 1;
        replicas[victim] = await CoordinatorProcess.start(fleet, config);
      }
    })();
  });
  afterAll(async () => {
    killing = false;
    await killer;
    for (const member of members) member.stop();
    await Promise.all(serving);
    await client.close();
    await balancer.stop();
    for (const replica of replicas) expect(await replica.stop()).toEqual({ code: 0, signal: null });
    server?.stop();
    const file = process.env.TEST_REPLICA_JSON;
    if (file)
      writeFileSync(
        file,
        `${JSON.stringify({ replicas: REPLICAS, routers: ROUTERS, seed: SEED, kills, pauses, database_kills: databaseKills, failed_requests: balancer.failed, rounds: results }, null, 2)}\n`,
      );
  });

  const patient = async <T>(act: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof SecaggError) || error.code !== 'unavailable') throw error;
        await pause(20 + 80 * draw());
      }
    }
  };
  const query = async (text: string, values: unknown[]): Promise<object[]> => {
    const connection = new pg.Client(fleet.databaseUrl);
    await connection.connect();
    try {
      return (await connection.query<object>(text, values)).rows;
    } finally {
      await connection.end();
    }
  };
  /**
   * Not repeated by itself: an operator's request counts once, so after an answer that was lost one looks what has come
   * of it.
   */
  const startRound = async (round: number): Promise<OpenRound> => {
    await client
      .startRound(
        fleet.cluster,
        operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster }),
      )
      .catch((error: unknown) => {
        if (!(error instanceof SecaggError) || error.code !== 'unavailable') throw error;
      });
    const open = await patient(() =>
      client.openRound(fleet.cluster, { after: round - 1, router: fleet.routers[0].id, waitMs: 3000 }),
    );
    return open ?? startRound(round);
  };

  it.each(Array.from({ length: ROUNDS }, (_, i) => i + 1))(
    'round %i is exact, with no contribution twice and no receipt lost',
    async (expected) => {
      const killsBefore = kills;
      const started = Date.now();
      const open = await startRound(expected);
      const { round } = roundConfigMessage.decode(open.announcement.body);
      expect(round).toBe(expected);
      // Making the view checks every certificate of the roster: once is enough.
      const { view } = fleet;
      const routers = fleet.routers.map((identity) => new HttpRouter(view, identity));
      const bodies: Bytes[] = [];
      for (const [i, router] of routers.entries()) {
        bodies.push(router.build(open, 1 + (i % 7)));
        // The members are in this process, and want to be heard meanwhile.
        if (i % 20 === 0) await pause(0);
      }
      const requests = routers.reduce((sum, _, i) => sum + 1 + (i % 7), 0);
      // The last one comes when time is up, so that replicas die while contributions come in.
      const receipts = await Promise.all(
        routers.map(async (router, i): Promise<Signed> => {
          await pause(i === 0 ? SENDING_MS : draw() * SENDING_MS);
          return patient(() => router.send(client, open, bodies[i]));
        }),
      );
      const sent = Date.now();
      await until(
        async () =>
          (await patient(() => client.roundStatus(fleet.cluster, round, { waitMs: 2000 })))?.phase === 'published',
        120_000,
      );
      const published = Date.now();

      const transcript = await patient(() => client.transcript(fleet.cluster, round));
      const audited = auditTranscript(fleet.authority.publicKey, transcript);
      expect(audited.kind === 'opened' && audited.sums.map(({ size }) => size)).toEqual([ROUTERS]);
      const signal = await patient(() => client.signal(fleet.cluster));
      expect(signal?.signal).toMatchObject({
        aggregation_round: round,
        participant_count: ROUTERS,
        reward_signals: { 'm1:t1': { total_samples: requests } },
      });
      const ids = transcript.contributions.map(({ header }) => headerMessage.decode(header.body).router as string);
      expect(ids).toEqual(fleet.routers.map(({ id }) => id as string).sort());
      // Each receipt is for the contribution that is in the transcript, and any replica gives the very same one again.
      const hashes = new Map(
        transcript.contributions.map(({ header }) => [headerMessage.decode(header.body).router, headerHash(header)]),
      );
      for (const [i, router] of routers.entries()) {
        const { id } = router.identity;
        expect(receiptMessage.decode(receipts[i].body)).toMatchObject({
          round,
          router: id,
          header_hash: hashes.get(id),
        });
        if (i % 10 === 0) expect(await patient(() => router.send(client, open, bodies[i]))).toEqual(receipts[i]);
      }
      for (const router of routers.slice(0, 3))
        expect((await patient(() => router.settle(client, fleet.cluster, round))).outcome).toBe('included');
      // Everything was decided once, whoever decided it.
      const key = `${fleet.cluster}/${round}`;
      expect(
        await query(
          "SELECT type, count(*)::int AS n FROM journal WHERE round_key = $1 AND type LIKE 'round-%' GROUP BY type ORDER BY type",
          [key],
        ),
      ).toEqual(
        ['round-announced', 'round-closed', 'round-proposed', 'round-published'].map((type) => ({ type, n: 1 })),
      );
      expect(
        await query(
          'SELECT count(*)::int AS rows, count(DISTINCT router)::int AS routers FROM contributions WHERE round_key = $1',
          [key],
        ),
      ).toEqual([{ rows: ROUTERS, routers: ROUTERS }]);
      await until(async () => (await query('SELECT kind FROM tasks', [])).length === 0);
      expect(kills + pauses).toBeGreaterThan(0);
      results.push({
        round,
        kills: kills - killsBefore,
        seconds_to_last_receipt: (sent - started) / 1000,
        seconds_to_published: (published - started) / 1000,
        exact: true,
      });
    },
  );
});
