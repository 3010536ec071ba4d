import { randomBytes } from 'node:crypto';
import { acceptedContribution, type CoordinatorEvent, LocalFleet, runCommittee, startEpoch } from '@secagg/protocol';
import { type Bytes, defaultFields, SecaggError } from '@secagg/schema';
import { PASSWORD, TestPostgres } from '@secagg/testbed/postgres';
import pg from 'pg';
import { pino } from 'pino';
import { Changes } from '../src/changes';
import { type Config } from '../src/config';
import { openReplica, type Replica } from '../src/replicas/open-replica';
import { openPool } from '../src/store/postgres/connect';
import { JournalLog } from '../src/store/postgres/journal-log';

jest.setTimeout(60_000);

const now = Date.UTC(2026, 0, 1);
const server = TestPostgres.start();
if (!server) console.error('PostgreSQL is not installed: the shared journal is NOT tested');
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof SecaggError ? error.code : String(error)),
  );
const nothing = () => ({ events: [], reply: undefined });

/** All events of a round, until it is published. */
function history(fleet: LocalFleet): { key: string; events: CoordinatorEvent[] } {
  const events: CoordinatorEvent[] = [];
  const { coordinator } = fleet;
  const commit = coordinator.commit.bind(coordinator);
  coordinator.commit = (step) => {
    events.push(...step.events);
    return commit(step);
  };
  fleet.startEpoch(now);
  const plan = {
    keys: ['m:t'],
    fields: defaultFields(),
    maxRequestsPerRouter: 10,
    minParticipantsPerGroup: 2,
    maxParticipants: 8,
    groups: 1,
    privacy: { unit: 'request' as const, rho: 0.1, deltaInverse: 1_000_000 },
    sendDelayMs: 0,
    durationMs: 1000,
  };
  const { key } = fleet.announce(plan, now);
  for (const router of fleet.routers)
    router.send(coordinator, key, router.contribution(coordinator, key, new Float64Array(3), now));
  runCommittee(coordinator, fleet.members, now + 1000);
  return { key, events };
}

(server ? describe : describe.skip)('a journal that replicas share', () => {
  const fleet = new LocalFleet({ routers: 4, committee: { size: 4, threshold: 2 }, random: randomBytes, nowMs: now });
  const { documents } = fleet.coordinator.state.view;
  const opened: Replica[] = [];
  let url: string;

  const open = async (say: (line: string) => void = () => undefined): Promise<Replica> => {
    const replica = await openReplica(
      {
        config: {} as Config,
        authorityKey: fleet.authority.publicKey,
        documents,
        judge: () => Promise.resolve(),
        changes: new Changes(),
        logger: pino({ level: 'trace' }, { write: say }),
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
  const query = async <T extends object>(text: string): Promise<T[]> => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return (await client.query<T>(text)).rows;
    } finally {
      await client.end();
    }
  };
  const epochs = async ({ journal }: Replica): Promise<number[]> => {
    await journal.fresh();
    return [...journal.state.epochs.keys()];
  };

  beforeEach(() => {
    url = (server as TestPostgres).createDatabase();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ close }) => close()));
  });
  afterAll(() => server?.stop());

  it('decides every step on the newest state, whoever decides it, and tells everybody of it once and in order', async () => {
    const replicas = await Promise.all([open(), open(), open()]);
    const heard: number[][] = replicas.map(() => []);
    replicas.forEach(({ journal }, i) =>
      journal.onEvent((event) => {
        if (event.type === 'epoch-started') heard[i].push(event.terms.epoch);
      }),
    );
    const steps = Array.from({ length: 60 }, (_, i) =>
      replicas[i % 3].journal.commit((state) => startEpoch(state, 1000, now)),
    );
    const numbers = (await Promise.all(steps)).map(({ epoch }) => epoch);
    const all = Array.from({ length: 60 }, (_, i) => i + 1);
    expect([...numbers].sort((a, b) => a - b)).toEqual(all);
    for (const [i, replica] of replicas.entries()) {
      expect(await epochs(replica)).toEqual(all);
      expect(heard[i]).toEqual(all);
    }
    expect(await query('SELECT count(*)::int AS n, max(id)::int AS max FROM journal')).toEqual([{ n: 61, max: 61 }]);
  });

  it('lets through what a step is refused with, and changes nothing for it', async () => {
    const { journal } = await open();
    const refused = journal.commit(() => {
      throw new SecaggError('policy', 'not this');
    });
    const beside = journal.commit((state) => startEpoch(state, 1000, now));
    expect(await codeOf(refused)).toBe('policy');
    expect((await beside).epoch).toBe(1);
    expect(await query('SELECT type FROM journal ORDER BY id')).toEqual([
      { type: 'fleet-updated' },
      { type: 'epoch-started' },
    ]);
  });

  it('takes a step back that the database did not commit, and answers nobody with it', async () => {
    const [replica, other] = await Promise.all([open(), open()]);
    const { journal } = replica;
    const settled = journal.reading();
    const failing = journal.commit((state) => {
      server?.endTransactions(url);
      return startEpoch(state, 1000, now);
    });
    const beside = journal.commit((state) => startEpoch(state, 1000, now));
    expect(await Promise.all([failing, beside].map(codeOf))).toEqual(['unavailable', 'unavailable']);
    // Whoever looked meanwhile has seen what is no more.
    expect(await codeOf(settled())).toBe('unavailable');
    expect(await epochs(replica)).toEqual([]);
    expect(await codeOf(journal.reading()())).toBe('done');
    expect((await other.journal.commit((state) => startEpoch(state, 1000, now))).epoch).toBe(1);
    expect(await epochs(replica)).toEqual([1]);
  });

  it('logs what the database did, and never the password of its URL', async () => {
    const lines: string[] = [];
    const { journal } = await open((line) => lines.push(line));
    for (let i = 0; i < 3; i++) {
      expect(
        await codeOf(
          journal.commit((state) => {
            server?.endTransactions(url);
            return startEpoch(state, 1000, now);
          }),
        ),
      ).toBe('unavailable');
    }
    expect(lines.filter((line) => line.includes('the database cannot be used')).length).toBeGreaterThan(0);
    expect(lines.join('')).not.toContain(PASSWORD);
    expect(url).toContain(PASSWORD);
  });

  it('serves nothing from a journal with an entry of a newer release', async () => {
    const { journal } = await open();
    await query("INSERT INTO journal (id, type, body) VALUES (2, 'from-the-future', '\\xa0')");
    expect(await codeOf(journal.fresh())).toBe('unavailable');
    expect(await codeOf(journal.commit((state) => startEpoch(state, 1000, now)))).toBe('unavailable');
    await query('DELETE FROM journal WHERE id = 2');
    expect((await journal.commit((state) => startEpoch(state, 1000, now))).epoch).toBe(1);
  });

  it('holds a step once whose commit was not heard of', async () => {
    const replica = await open();
    const carryOut = JournalLog.prototype.turn;
    const spy = jest.spyOn(JournalLog.prototype, 'turn').mockImplementationOnce(async function lost(
      this: JournalLog,
      ...args: unknown[]
    ) {
      await carryOut.apply(this, args as never);
      throw new Error('Connection terminated unexpectedly');
    });
    expect(await codeOf(replica.journal.commit((state) => startEpoch(state, 1000, now)))).toBe('unavailable');
    spy.mockRestore();
    expect(await epochs(replica)).toEqual([1]);
    expect((await replica.journal.commit((state) => startEpoch(state, 1000, now))).epoch).toBe(2);
  });

  it('goes on without a replica that stands still in its turn, and lets it append nothing any more', async () => {
    const { journal } = await open();
    const pool = openPool(url, 1);
    let goOn: () => void = () => undefined;
    const taken = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let isIn: () => void = () => undefined;
    const inTurn = new Promise<void>((resolve) => {
      isIn = resolve;
    });
    const still = codeOf(
      new JournalLog(pool).turn(1, async (turn) => {
        isIn();
        await taken;
        await turn.append([{ id: 2, type: 'epoch-started', body: new Uint8Array(1) }]);
      }),
    );
    await inTurn;
    let outcome: string;
    do outcome = await codeOf(journal.commit((state) => startEpoch(state, 1000, now)));
    while (outcome === 'unavailable');
    expect(outcome).toBe('done');
    goOn();
    expect(await still).not.toBe('done');
    expect(await query('SELECT id::int, type FROM journal ORDER BY id')).toEqual([
      { id: 1, type: 'fleet-updated' },
      { id: 2, type: 'epoch-started' },
    ]);
    await journal.fresh();
    expect([...journal.state.epochs.keys()]).toEqual([1]);
    await pool.end();
  });

  it("takes an operator's nonce once, at whichever replica", async () => {
    const [one, two] = await Promise.all([open(), open()]);
    const nonce = (value: number) => () => ({
      operator: 'o',
      nonce: new Uint8Array([value]) as Bytes,
      expiresAtMs: Date.now() + 60_000,
    });
    const outcomes = await Promise.all([
      codeOf(one.journal.commit(nothing, nonce(1))),
      codeOf(one.journal.commit(nothing, nonce(1))),
      codeOf(two.journal.commit(nothing, nonce(1))),
      codeOf(two.journal.commit(nothing, nonce(2))),
    ]);
    expect(outcomes.sort()).toEqual(['done', 'done', 'duplicate', 'duplicate']);
    // A step that is refused does not use the nonce up.
    const refused = one.journal.commit(() => {
      throw new SecaggError('policy', 'not this');
    }, nonce(3));
    expect(await codeOf(refused)).toBe('policy');
    expect(await codeOf(two.journal.commit(nothing, nonce(3)))).toBe('done');
  });

  it('keeps ledgers and round numbers of a released round, also in a replica that has seen nothing of it', async () => {
    const { key, events } = history(fleet);
    const [active, idle] = await Promise.all([open(), open()]);
    // The other one hears of nothing until the round is gone.
    const follow = jest.spyOn(JournalLog.prototype, 'newer').mockRejectedValue(new Error('held up'));
    // As replicas have it: contributions beside the journal, and listed in it at the close.
    const accepted = events.flatMap((event) => (event.type === 'contribution-accepted' ? [event] : []));
    const headers = accepted.map(({ bytes }) => acceptedContribution(bytes).checked.signed);
    for (const event of events.filter(({ type }) => type !== 'contribution-accepted')) {
      const list: CoordinatorEvent[] =
        event.type === 'round-closed' ? [{ type: 'contributions-listed', key, headers }] : [];
      await active.journal.commit(() => ({ events: [...list, event], reply: undefined }));
    }
    await active.journal.release(key);
    expect(active.journal.state.rounds.has(key)).toBe(false);
    expect(await query(`SELECT count(*)::int AS n FROM journal WHERE round_key = '${key}'`)).toEqual([{ n: 0 }]);
    follow.mockRestore();
    await idle.journal.fresh();
    expect((await idle.journal.commit((state) => startEpoch(state, 1000, now))).epoch).toBe(2);
    const fresh = await open();
    for (const { journal } of [active, idle, fresh]) {
      expect(journal.state.rounds.size).toBe(0);
      expect(journal.state.latestRound).toEqual(fleet.coordinator.state.latestRound);
      expect(journal.state.ledgers).toEqual(fleet.coordinator.state.ledgers);
      expect(journal.state.epoch?.hash).toEqual(fleet.coordinator.state.epoch?.hash);
    }
    expect(await query("SELECT kind FROM tasks WHERE kind = 'prune'")).toEqual([{ kind: 'prune' }]);
  });
});
