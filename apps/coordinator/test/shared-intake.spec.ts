/** Contributions that replicas take at the same time, beside their journal (docs/adr/0030). */
import { randomBytes } from 'node:crypto';
import {
  checkContribution,
  contribute,
  type CoordinatorEvent,
  emptyRouter,
  LocalFleet,
  type LocalRouter,
  receiveContribution,
  roundOf,
  startEpoch,
  tickRound,
} from '@secagg/protocol';
import { type Bytes, defaultFields, encodeCanonical, receiptMessage, SecaggError, type Signed } from '@secagg/schema';
import { TestPostgres } from '@secagg/testbed/postgres';
import pg from 'pg';
import { pino } from 'pino';
import { Changes } from '../src/changes';
import { type Config } from '../src/config';
import { openReplica, type Replica } from '../src/replicas/open-replica';
import { rowOf } from '../src/replicas/shared-events';
import { type Taken } from '../src/rounds/intake';
import { migrate, postgresTypes } from '../src/store/migrate';
import { migrations } from '../src/store/migrations';
import { kyselyOn, openPool } from '../src/store/postgres/connect';
import { JournalLog } from '../src/store/postgres/journal-log';
import { laneRooms, OpenRounds } from '../src/store/postgres/open-rounds';

jest.setTimeout(60_000);

const now = Date.UTC(2026, 0, 1);
const ROUTERS = 40;
const server = TestPostgres.start();
if (!server) console.error('PostgreSQL is not installed: contributions to replicas are NOT tested');
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof SecaggError ? error.code : String(error)),
  );

(server ? describe : describe.skip)('replicas that take contributions at once', () => {
  const fleet = new LocalFleet({
    routers: ROUTERS,
    committee: { size: 4, threshold: 2 },
    random: randomBytes,
    nowMs: now,
  });
  const { coordinator } = fleet;
  const { documents } = coordinator.state.view;
  const events: CoordinatorEvent[] = [];
  const commit = coordinator.commit.bind(coordinator);
  coordinator.commit = (step) => {
    events.push(...step.events);
    return commit(step);
  };
  fleet.startEpoch(now);
  const announce = (maxParticipants: number): string =>
    fleet.announce(
      {
        keys: ['m:t'],
        fields: defaultFields(),
        maxRequestsPerRouter: 10,
        minParticipantsPerGroup: 2,
        maxParticipants,
        groups: 1,
        privacy: { unit: 'request', rho: 0.1, deltaInverse: 1_000_000 },
        sendDelayMs: 0,
        durationMs: 1000,
      },
      now,
    ).key;
  const opened: Replica[] = [];
  let url: string;

  const open = async (): Promise<Replica> => {
    const replica = await openReplica(
      {
        config: {} as Config,
        authorityKey: fleet.authority.publicKey,
        documents,
        judge: () => Promise.resolve(),
        changes: new Changes(),
        logger: pino({ level: 'silent' }),
        now: () => now,
        onFailure: (error) => {
          throw error;
        },
      },
      url,
    );
    opened.push(replica);
    return replica;
  };
  /** Replicas that know of everything that has happened at the fleet's own coordinator. */
  const openWith = async (count: number): Promise<Replica[]> => {
    const replicas: Replica[] = [];
    for (let i = 0; i < count; i++) replicas.push(await open());
    await replicas[0].journal.commit(() => ({ events, reply: undefined }));
    await Promise.all(replicas.map(({ journal }) => journal.fresh()));
    return replicas;
  };
  const query = async <T extends object>(text: string, values: unknown[] = []): Promise<T[]> => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return (await client.query<T>(text, values)).rows;
    } finally {
      await client.end();
    }
  };
  const build = (router: LocalRouter, key: string): Bytes =>
    router.contribution(coordinator, key, new Float64Array(3), now);
  const take = ({ intake, journal: { state } }: Replica, key: string, bytes: Bytes): Promise<Taken> => {
    const contribution = checkContribution(state.view, roundOf(state, key).verified, bytes);
    return intake.take({
      key,
      bytes,
      contribution,
      receive: (current, elsewhere) =>
        receiveContribution(current, coordinator.context, key, bytes, contribution, elsewhere),
    });
  };
  const tick = ({ journal, intake }: Replica, key: string, atMs: number): Promise<undefined> =>
    journal.commit((state) => ({
      events: tickRound(state, coordinator.context, key, atMs, intake.known(key, roundOf(state, key))),
      reply: undefined,
    }));
  const close = (replica: Replica, key: string) => tick(replica, key, now + 2000);
  const closedSet = async ({ journal }: Replica, key: string): Promise<string[]> => {
    await journal.fresh();
    return roundOf(journal.state, key).headers.map(({ header }) => header.router);
  };
  const routerOf = (receipt: Signed): string => receiptMessage.decode(receipt.body).router;

  beforeEach(() => {
    url = (server as TestPostgres).createDatabase();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(opened.splice(0).map((replica) => replica.close()));
  });
  afterAll(() => server?.stop());

  it('have every contribution in the closed set that they gave a receipt for, and refuse those that come later', async () => {
    const key = announce(ROUTERS);
    const replicas = await openWith(3);
    const bodies = fleet.routers.map((router) => build(router, key));
    const given: string[] = [];
    const refused: string[] = [];
    let closing: Promise<unknown> | undefined;
    await Promise.all(
      bodies.map(async (bytes, i) => {
        // One after the other at each replica, so that the close comes between them.
        for (let turns = 0; turns < Math.floor(i / 3); turns++) await new Promise((resolve) => setImmediate(resolve));
        try {
          given.push(routerOf((await take(replicas[i % 3], key, bytes)).receipt));
          if (given.length === ROUTERS / 4) closing = close(replicas[1], key);
        } catch (error) {
          refused.push((error as SecaggError).code);
        }
      }),
    );
    await closing;
    expect(given.length + refused.length).toBe(ROUTERS);
    expect(new Set(refused)).toEqual(new Set(refused.length > 0 ? ['stale_round'] : []));
    for (const replica of [...replicas, await open()]) {
      expect(await closedSet(replica, key)).toEqual([...given].sort());
      expect(roundOf(replica.journal.state, key).headersRoot).toEqual(
        roundOf(replicas[0].journal.state, key).headersRoot,
      );
    }
    // The same again gets the same receipt after the close, a new one does not.
    const first = bodies.findIndex((_, i) => fleet.routers[i].identity.id === given[0]);
    expect(await take(replicas[2], key, bodies[first])).toMatchObject({ isNew: false });
    expect(await query('SELECT 1 FROM open_rounds WHERE round_key = $1', [key])).toEqual([]);
    expect(await query('SELECT router FROM contributions WHERE round_key = $1', [key])).toHaveLength(given.length);
  });

  it('wait for a batch that is being inserted when a round closes, and have it in the set', async () => {
    const key = announce(ROUTERS);
    const [one, two] = await openWith(2);
    // Holds the batch up after its lane is locked: another transaction has inserted the same router, and not committed.
    const blocker = new pg.Client(url);
    await blocker.connect();
    await blocker.query('BEGIN');
    await blocker.query('INSERT INTO contributions (round_key, router, bytes) VALUES ($1, $2, $3)', [
      key,
      fleet.routers[0].identity.id,
      Buffer.from([1]),
    ]);
    const taking = take(one, key, build(fleet.routers[0], key));
    const waiting = async (what: string) =>
      (
        await query(
          `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${what}%' AND pid <> pg_backend_pid()`,
        )
      ).length;
    while ((await waiting('INSERT INTO contributions')) === 0);
    const closing = close(two, key);
    while ((await waiting('DELETE FROM open_rounds')) === 0);
    await blocker.query('ROLLBACK');
    await blocker.end();
    expect(await taking).toMatchObject({ isNew: true });
    await closing;
    expect(await closedSet(two, key)).toEqual([fleet.routers[0].identity.id]);
    expect(await codeOf(take(one, key, build(fleet.routers[1], key)))).toBe('stale_round');
  });

  it('take the same contribution once, and one of two, wherever they come at the same time', async () => {
    const key = announce(ROUTERS);
    const replicas = await openWith(3);
    const same = fleet.routers.slice(0, 10).map((router) => build(router, key));
    const taken = await Promise.all(
      replicas.map((replica) => Promise.all(same.map((bytes) => take(replica, key, bytes)))),
    );
    for (const [i] of same.entries()) {
      const answers = replicas.map((_, r) => taken[r][i]);
      expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
      for (const { receipt } of answers) expect(receipt).toEqual(answers[0].receipt);
    }
    const router = fleet.routers[10];
    // As one that has lost its disk builds it again.
    const forgetful = emptyRouter(coordinator.state.view);
    const { verified: round } = roundOf(coordinator.state, key);
    const other = [
      build(router, key),
      contribute(forgetful, router, round, new Float64Array(3), randomBytes, now).reply,
    ];
    expect(Buffer.compare(other[0], other[1])).not.toBe(0);
    const outcomes = await Promise.all(other.map((bytes, i) => codeOf(take(replicas[i], key, bytes))));
    expect(outcomes.sort()).toEqual(['done', 'duplicate']);
    expect(await replicas[2].intake.count(key, roundOf(replicas[2].journal.state, key))).toBe(11);
  });

  it.each([5, 20, 200])('take exactly as many as fit (%i), and close then', async (most) => {
    const key = announce(most);
    const replicas = await openWith(3);
    // A round for more than there are routers is made almost full by hand.
    const before = Math.max(0, most - 20);
    const spread = laneRooms(20);
    if (before > 0) {
      await query('DELETE FROM open_rounds WHERE round_key = $1', [key]);
      for (const [lane, room] of spread.entries())
        await query('INSERT INTO open_rounds (round_key, lane, room, taken) VALUES ($1, $2, $3, $4)', [
          key,
          lane,
          room,
          lane === 0 ? before : 0,
        ]);
    }
    const outcomes = await Promise.all(
      fleet.routers.map((router, i) => codeOf(take(replicas[i % 3], key, build(router, key)))),
    );
    const fit = Math.min(most, 20);
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(fit);
    expect(outcomes.filter((outcome) => outcome === 'round_full')).toHaveLength(ROUTERS - fit);
    // Every replica learns of it, and its next tick closes the round.
    await replicas[2].intake.look();
    await tick(replicas[2], key, now);
    expect(roundOf(replicas[2].journal.state, key)).toMatchObject({ phase: 'checking' });
    expect(await closedSet(replicas[0], key)).toHaveLength(fit);
  });

  it('decide on what the journal had when the contribution was added, though they have not heard of it', async () => {
    const key = announce(ROUTERS);
    const [one, two] = await openWith(2);
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const { newer } = JournalLog.prototype;
    jest.spyOn(JournalLog.prototype, 'newer').mockImplementation(async function late(this: JournalLog, after) {
      await held;
      return newer.call(this, after);
    });
    const { epoch } = await one.journal.commit((state) => startEpoch(state, 1000, now));
    const added = jest.spyOn(OpenRounds.prototype, 'add');
    const seen: boolean[] = [];
    const bytes = build(fleet.routers[0], key);
    const contribution = checkContribution(two.journal.state.view, roundOf(two.journal.state, key).verified, bytes);
    const taking = two.intake.take({
      key,
      bytes,
      contribution,
      receive: (state) => {
        seen.push(state.epochs.has(epoch));
        if (state.epochs.has(epoch)) throw new SecaggError('excluded', 'since then');
        return receiveContribution(state, coordinator.context, key, bytes, contribution);
      },
    });
    while (added.mock.results.length === 0) await new Promise((resolve) => setImmediate(resolve));
    goOn();
    expect(await codeOf(taking)).toBe('excluded');
    expect(seen[0]).toBe(false);
    expect(await query('SELECT 1 FROM contributions WHERE round_key = $1', [key])).toEqual([]);
  });

  it('answer nobody when the database dies, and give the receipt to the same bytes after', async () => {
    const key = announce(ROUTERS);
    const [one, two] = await openWith(2);
    const bodies = fleet.routers.slice(0, 6).map((router) => build(router, key));
    const { add } = OpenRounds.prototype;
    // Committed, and not heard of.
    jest.spyOn(OpenRounds.prototype, 'add').mockImplementationOnce(async function lost(this: OpenRounds, ...args) {
      await add.apply(this, args);
      throw new Error('Connection terminated unexpectedly');
    });
    expect(await Promise.all(bodies.map((bytes) => codeOf(take(one, key, bytes))))).toEqual(
      bodies.map(() => 'unavailable'),
    );
    for (const bytes of bodies) expect(await take(two, key, bytes)).toMatchObject({ isNew: false });
    await close(one, key);
    expect(await closedSet(two, key)).toHaveLength(6);
  });

  it('go on with a round that an earlier release has opened, and end that release', async () => {
    const key = announce(ROUTERS);
    const pool = openPool(url, 1);
    const db = kyselyOn(pool);
    await migrate(
      db as never,
      postgresTypes,
      migrations.filter(({ version }) => version < 8),
    );
    const bodies = fleet.routers.slice(0, 9).map((router) => build(router, key));
    const rows = [{ type: 'fleet-updated' as const, documents }, ...events].map((event, i) => rowOf(event, i + 1));
    await new JournalLog(pool).turn(0, (turn) => turn.append(rows));
    // As that release has written them: in the journal, under the id of the entry.
    for (const [i, bytes] of bodies.slice(0, 4).entries()) {
      const id = rows.length + 1 + i;
      const { header, signed } = checkContribution(
        coordinator.state.view,
        roundOf(coordinator.state, key).verified,
        bytes,
      ).checked;
      const noted = { type: 'contribution-noted', key, router: header.router, header: signed };
      await query('INSERT INTO journal (id, round_key, type, body) VALUES ($1, $2, $3, $4)', [
        id,
        key,
        noted.type,
        encodeCanonical(noted),
      ]);
      await query('INSERT INTO contributions (journal_id, round_key, router, bytes) VALUES ($1, $2, $3, $4)', [
        id,
        key,
        header.router,
        bytes,
      ]);
    }
    await db.destroy();
    const [one, two] = [await open(), await open()];
    // What such a replica reads next is an entry that it does not know: it answers 503 from there on.
    expect(await query('SELECT type FROM journal ORDER BY id DESC LIMIT 1')).toEqual([{ type: 'contributions-apart' }]);
    expect(await take(one, key, bodies[0])).toMatchObject({ isNew: false });
    await Promise.all(bodies.slice(4).map((bytes, i) => take([one, two][i % 2], key, bytes)));
    expect(await two.intake.count(key, roundOf(two.journal.state, key))).toBe(9);
    await close(two, key);
    expect(await closedSet(one, key)).toHaveLength(9);
    expect(await closedSet(await open(), key)).toHaveLength(9);
    // Every one of them is in a part that is added up.
    const parts = await query<{ n: number }>(
      `SELECT count(*)::int AS n FROM tasks JOIN contributions USING (round_key)
      WHERE kind = 'sum' AND round_key = $1 AND journal_id BETWEEN first_id AND last_id`,
      [key],
    );
    expect(parts).toEqual([{ n: 9 }]);
  });
});

it('lanes have room for exactly the contributions of a round', () => {
  for (const most of [0, 1, 63, 64, 127, 128, 129, 1000, 12_345]) {
    const rooms = laneRooms(most);
    expect(rooms.reduce((a, b) => a + b, 0)).toBe(most);
    expect(Math.max(...rooms) - Math.min(...rooms)).toBeLessThanOrEqual(1);
  }
});
