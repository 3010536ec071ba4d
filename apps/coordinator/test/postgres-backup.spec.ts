/**
 * `secagg backup --postgres` of replicas in the middle of a round, and a coordinator that goes on from it in another
 * database.
 */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type Bytes,
  type Decision,
  type OpenRound,
  roundConfigMessage,
  SecaggError,
  type Signed,
  voteBodyMessage,
} from '@secagg/schema';
import { PASSWORD, TestPostgres } from '@secagg/testbed/postgres';
import { until } from '@secagg/testbed/wait';
import pg from 'pg';
import { TestFleet } from './support/fleet';
import { HttpMember, HttpRouter, operatorRequest } from './support/parties';
import { CoordinatorProcess } from './support/process';

jest.setTimeout(180_000);

const ROUTERS = 16;
/** That contribute to the open round before it is backed up, the first ones; the next one does meanwhile. */
const BEFORE = 11;
const secaggScript = resolve(__dirname, '../../../dist/tools/cli/main.js');
const server = TestPostgres.start();
if (!server) console.error('PostgreSQL is not installed: backups of it are NOT tested');
else if (!existsSync(secaggScript)) throw new Error('build the CLI first: npm test does');

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof SecaggError ? error.code : String(error)),
  );

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

(server ? describe : describe.skip)('a backup of coordinators on PostgreSQL', () => {
  let fleet: TestFleet;
  let config: object;
  let replicas: CoordinatorProcess[];
  let members: HttpMember[];
  let serving: Promise<void>[];
  let source: string;
  let target: string;
  /** Of the round that is open when the backup is made. */
  let open: OpenRound;
  let request: Signed;
  const sent: { router: HttpRouter; bytes: Bytes; receipt?: Signed }[] = [];
  let before: Awaited<ReturnType<typeof shown>>;
  let later: { router: HttpRouter; bytes: Bytes };

  beforeAll(async () => {
    // With 16 routers in two groups, a round that opens one of them, and compares nobody, comes once in 32 768.
    fleet = new TestFleet({
      routers: ROUTERS,
      committee: { size: 4, threshold: 2 },
      minParticipants: 1,
      policy: { max_groups: 2 },
    });
    await query((server as TestPostgres).createDatabase(), 'CREATE ROLE backed_up LOGIN; CREATE ROLE restored LOGIN');
    source = await databaseOf('backed_up');
    target = await databaseOf('restored');
    config = fleet.config({ databaseUrl: source }, { groups: 2, durationMs: 120_000 });
    replicas = [await CoordinatorProcess.start(fleet, config), await CoordinatorProcess.start(fleet, config)];
    members = fleet.routers.slice(0, 4).map((identity) => new HttpMember(fleet.view, identity));
    serving = members.map((member) => member.serve(() => replicas[0].origin));
    await until(async () => (await replicas[1].client.currentEpoch()) !== undefined);
  });
  afterAll(async () => {
    for (const member of members) member.stop();
    await Promise.all(serving);
    await Promise.all(replicas.map((replica) => replica.kill()));
    server?.stop();
  });

  const secagg = (args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> =>
    new Promise((done) => {
      const env = { PATH: process.env.PATH ?? '', ...environment };
      execFile(process.execPath, [secaggScript, ...args], { cwd: fleet.folder, env }, (error, out, err) =>
        done({ code: error ? Number(error.code) : 0, out, err }),
      );
    });
  const refusal = async (args: readonly string[], environment: Record<string, string> = {}): Promise<string> => {
    const { code, out, err } = await secagg(args, environment);
    // 2: what was typed cannot be; 1: what was asked for cannot be done.
    expect({ code: code === 1 || code === 2, out }).toEqual({ code: true, out: '' });
    expect(err).toMatch(/^(secagg|error): /);
    expect(err).not.toContain(PASSWORD);
    expect(err).not.toMatch(/\n +at /);
    return err;
  };
  const query = async <T extends object>(url: string, text: string): Promise<T[]> => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return (await client.query<T>(text)).rows;
    } finally {
      await client.end();
    }
  };
  /** A new one, of a user that may do nothing else. */
  const databaseOf = async (role: string): Promise<string> => {
    const url = (server as TestPostgres).createDatabase();
    await query(url, `ALTER DATABASE ${url.slice(url.lastIndexOf('/') + 1)} OWNER TO ${role}`);
    return url.replace('//secagg:', `//${role}:`);
  };
  const startRound = async ({ client }: CoordinatorProcess): Promise<OpenRound> => {
    request = operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster });
    return client.startRound(fleet.cluster, request);
  };
  const contributionOf = (index: number, to: OpenRound): { router: HttpRouter; bytes: Bytes } => {
    const router = new HttpRouter(fleet.view, fleet.routers[index]);
    return { router, bytes: router.build(to, index + 1) };
  };
  /** The contributions of the routers from an index on, each with one request more than the one before it. */
  const contributeTo = async (to: OpenRound, from: number): Promise<void> => {
    for (let index = from; index < ROUTERS; index++) {
      const { router, bytes } = contributionOf(index, to);
      await router.send(replicas[index % replicas.length].client, to, bytes);
    }
  };
  /** What a coordinator tells of what is over. */
  const shown = async ({ client }: CoordinatorProcess) => ({
    first: await client.roundStatus(fleet.cluster, 1),
    transcript: await client.transcript(fleet.cluster, 1),
    signal: await client.signal(fleet.cluster),
    evidence: await client.evidenceList(),
    scores: await client.suspicion(fleet.cluster),
    epoch: await client.currentEpoch(),
  });
  const numberOf = ({ announcement }: OpenRound): number => roundConfigMessage.decode(announcement.body).round;
  /** Calls for the real program, and writes down what anybody on the machine sees of it. */
  const watchedProgram = (name: string): Record<string, string> => {
    const folder = join(fleet.folder, 'watched');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, name),
      `#!/bin/sh\necho "$0 $*" >> "${folder}/arguments"\nexec env PATH="$REAL_PATH" ${name} "$@"\n`.replace(
        '$REAL_PATH',
        process.env.PATH ?? '',
      ),
    );
    chmodSync(join(folder, name), 0o755);
    return { PATH: `${folder}:${process.env.PATH ?? ''}` };
  };

  it('is made in the middle of a round, while both replicas work', async () => {
    const first = await startRound(replicas[0]);
    await contributeTo(first, 0);
    expect(await replicas[1].client.roundStatus(fleet.cluster, 1, { waitMs: 30_000 })).toMatchObject({
      phase: 'published',
      contributions: ROUTERS,
    });
    await until(async () => (await replicas[0].client.suspicion(fleet.cluster)).rounds === 1);

    open = await startRound(replicas[1]);
    for (let index = 0; index < BEFORE; index++) {
      const contribution = contributionOf(index, open);
      sent.push({
        ...contribution,
        receipt: await contribution.router.send(replicas[index % 2].client, open, contribution.bytes),
      });
    }
    // Evidence: another contribution of a router that has sent one.
    expect(
      await codeOf(contributionOf(1, open).router.send(replicas[0].client, open, contributionOf(1, open).bytes)),
    ).toBe('duplicate');
    await until(async () => (await replicas[0].client.evidenceList()).length === 1);
    before = await shown(replicas[0]);

    // A table that nobody needs now holds the backup up, once it has looked at the database; the replicas go on
    // meanwhile, and what they do now is not in it.
    const blocker = new pg.Client(source);
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE partial_sums IN ACCESS EXCLUSIVE MODE');
    const making = secagg(['backup', '--postgres', 'coordinator.backup'], {
      DATABASE_URL: source,
      ...watchedProgram('pg_dump'),
    });
    await until(
      async () =>
        (await query(source, "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'partial_sums'::regclass"))
          .length === 1,
    );
    later = contributionOf(BEFORE, open);
    await later.router.send(replicas[1].client, open, later.bytes);
    expect(await replicas[0].client.roundStatus(fleet.cluster, 2)).toMatchObject({
      phase: 'collecting',
      contributions: BEFORE + 1,
    });
    await blocker.end();
    const made = await making;
    expect(made).toMatchObject({ code: 0, err: '' });
    const file = join(fleet.folder, 'coordinator.backup');
    expect(JSON.parse(made.out)).toEqual({
      service: 'coordinator',
      store: 'postgres',
      file: 'coordinator.backup',
      bytes: statSync(file).size,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.partial`)).toBe(false);
    expect(await refusal(['backup', '--postgres', 'coordinator.backup'], { DATABASE_URL: source })).toContain(
      'there already',
    );
  });

  it('is one state: all of the journal up to an entry, and what belongs to it', async () => {
    const bytes = readFileSync(join(fleet.folder, 'coordinator.backup'));
    writeFileSync(join(fleet.folder, 'half.backup'), bytes.subarray(0, bytes.length - 2000));
    expect(await refusal(['restore', '--postgres', 'half.backup'], { DATABASE_URL: target })).toContain(
      'pg_restore failed',
    );
    // Of half a backup nothing is left behind: the database is still an empty one.
    const restored = await secagg(['restore', '--postgres', 'coordinator.backup'], {
      DATABASE_URL: target,
      ...watchedProgram('pg_restore'),
    });
    expect(restored).toMatchObject({ code: 0, err: '' });
    const tables = await query<{ name: string }>(
      source,
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    );
    expect(JSON.parse(restored.out)).toEqual({ service: 'coordinator', store: 'postgres', tables: tables.length });

    const seen = readFileSync(join(fleet.folder, 'watched/arguments'), 'utf8');
    expect(seen).toMatch(/pg_dump .*--format=custom/);
    expect(seen).toMatch(/pg_restore .*--single-transaction/);
    expect(seen).not.toContain(PASSWORD);

    const journal = 'SELECT id::int, type, round_key, md5(body) AS body FROM journal ORDER BY id';
    const [there, here] = [await query<{ id: number }>(source, journal), await query<{ id: number }>(target, journal)];
    expect(here.length).toBeGreaterThan(10);
    expect(here).toEqual(there);
    const sentLater = `round_key = '${fleet.cluster}/2' AND router = '${later.router.identity.id}'`;
    expect(await query(source, `SELECT 1 AS row FROM contributions WHERE ${sentLater}`)).toHaveLength(1);
    for (const text of [
      `SELECT journal_id::int, round_key, router, md5(bytes) AS bytes, md5(header) AS header FROM contributions WHERE NOT (${sentLater}) ORDER BY 1`,
      'SELECT * FROM finished_rounds',
      'SELECT round_key, md5(body) AS body FROM transcripts',
      'SELECT * FROM suspicion_clusters',
      'SELECT * FROM suspicion ORDER BY router',
      'SELECT operator, md5(nonce) AS nonce FROM operator_nonces ORDER BY 2',
      'SELECT * FROM schema_migrations ORDER BY 1',
      'SELECT * FROM home',
      "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
      "SELECT attrelid::regclass::text AS relation, attname, attstorage, attnotnull FROM pg_attribute WHERE attnum > 0 AND attrelid::regclass::text = ANY (ARRAY(SELECT tablename::text FROM pg_tables WHERE schemaname = 'public')) ORDER BY 1, 2",
    ]) {
      const rows = await query(source, text);
      expect(rows.length).toBeGreaterThan(0);
      expect(await query(target, text)).toEqual(rows);
    }
    expect(await query(target, 'SELECT 1 AS row FROM contributions')).toHaveLength(ROUTERS + BEFORE);
  });

  let third: OpenRound;

  it('is where a coordinator goes on: with its records, evidence, scores and receipts, above the numbers it may have used', async () => {
    await Promise.all(replicas.map((replica) => replica.kill()));
    const onTarget = { ...config, databaseUrl: target };
    replicas = await Promise.all([
      CoordinatorProcess.start(fleet, onTarget),
      CoordinatorProcess.start(fleet, onTarget),
    ]);
    const [{ client }] = replicas;
    // One of them resumed it, for both.
    const resumed = replicas.flatMap(({ log }) => log).filter(({ msg }) => msg.includes('comes back from a backup'));
    expect(resumed).toHaveLength(1);
    expect(await shown(replicas[0])).toEqual(before);
    // The open round is dropped, and says why. What had a receipt gets it again; nothing else does.
    expect(await client.latestRound(fleet.cluster)).toMatchObject({
      round: 2,
      contributions: BEFORE,
      reason: 'coordinator_restored',
    });
    // A request that served before the backup does not serve again.
    expect(await codeOf(client.startRound(fleet.cluster, request))).toBe('expired');
    for (const { router, bytes, receipt } of sent) expect(await router.send(client, open, bytes)).toEqual(receipt);
    expect(await codeOf(later.router.send(client, open, later.bytes))).toBe('stale_round');
    const status = await client.roundStatus(fleet.cluster, 2, { waitMs: 60_000 });
    expect(status?.phase).toBe('aborted');
    expect(voteBodyMessage.decode((status?.decision as Decision).body)).toMatchObject({
      kind: 'abort',
      reason: 'coordinator_restored',
    });

    third = await startRound(replicas[1]);
    expect(numberOf(third)).toBeGreaterThan(4096);
    await contributeTo(third, 0);
    expect(await client.roundStatus(fleet.cluster, numberOf(third), { waitMs: 60_000 })).toMatchObject({
      phase: 'published',
      contributions: ROUTERS,
    });
    expect((await client.signal(fleet.cluster))?.signal).toMatchObject({
      reward_signals: { 'm1:t1': { total_samples: (ROUTERS * (ROUTERS + 1)) / 2 } },
    });
    await until(async () => (await client.suspicion(fleet.cluster)).rounds === 2);
    const ids = (await query<{ id: number }>(target, 'SELECT id::int FROM journal ORDER BY id')).map(({ id }) => id);
    expect(ids).toEqual(ids.map((_, i) => i + ids[0]));
    // Started again it is no restored one any more.
    await replicas[0].kill();
    replicas[0] = await CoordinatorProcess.start(fleet, onTarget);
    expect(replicas[0].log.filter(({ msg }) => msg.includes('comes back from a backup'))).toEqual([]);
    expect(numberOf(await startRound(replicas[0]))).toBe(numberOf(third) + 1);
  });

  it('serves a second time, without a word of the tool that put it there: above what the first life used', async () => {
    const again = await databaseOf('restored');
    expect(await secagg(['restore', '--postgres', 'coordinator.backup'], { DATABASE_URL: again })).toMatchObject({
      code: 0,
    });
    // As after pg_restore by hand, or a crash between the two steps of the tool.
    expect(await query(again, 'DELETE FROM backup_mark RETURNING made_at_ms')).toHaveLength(1);
    await Promise.all(replicas.map((replica) => replica.kill()));
    const timings = { reportGraceMs: 100, answerGraceMs: 500, proposalTimeoutMs: 1000, undecidedTimeoutMs: 60_000 };
    replicas = [await CoordinatorProcess.start(fleet, { ...config, databaseUrl: again, timings })];
    const [{ client }] = replicas;
    expect((await client.roundStatus(fleet.cluster, 2, { waitMs: 50_000 }))?.phase).toBe('aborted');
    const next = await startRound(replicas[0]);
    expect(numberOf(next)).toBeGreaterThan(numberOf(third));
    await contributeTo(next, 0);
    expect((await client.roundStatus(fleet.cluster, numberOf(next), { waitMs: 50_000 }))?.phase).toBe('published');
  });

  it('is not put over anything, and never made of or from something else', async () => {
    expect(await refusal(['restore', '--postgres', 'coordinator.backup'], { DATABASE_URL: target })).toContain(
      'not empty',
    );
    const other = (server as TestPostgres).createDatabase();
    for (const [make, remove] of [
      ['CREATE TYPE something AS ENUM ()', 'DROP TYPE something'],
      ['CREATE VIEW something AS SELECT 1', 'DROP VIEW something'],
      ['CREATE TABLE something ()', 'DROP TABLE something'],
      ["CREATE FUNCTION something() RETURNS int LANGUAGE sql AS 'SELECT 1'", 'DROP FUNCTION something'],
    ]) {
      await query(other, make);
      expect(await refusal(['restore', '--postgres', 'coordinator.backup'], { DATABASE_URL: other })).toContain(
        'not empty',
      );
      await query(other, remove);
    }
    const empty = (server as TestPostgres).createDatabase();
    expect(await refusal(['backup', '--postgres', 'nothing.backup'], { DATABASE_URL: empty })).toContain(
      'holds no coordinator',
    );
    writeFileSync(join(fleet.folder, 'noise'), Buffer.alloc(10_000, 7));
    expect(await refusal(['restore', '--postgres', 'noise'], { DATABASE_URL: empty })).toContain('pg_restore failed');
    expect(await refusal(['restore', '--postgres', 'nowhere'], { DATABASE_URL: empty })).toContain(
      'there is no nowhere',
    );
    expect(
      await refusal(['restore', '--postgres', 'coordinator.backup', '--assume-spent-rho', '1'], {
        DATABASE_URL: empty,
      }),
    ).toContain('budget');
    expect(await refusal(['backup', '--postgres', 'one', 'two'], { DATABASE_URL: source })).toContain(
      'expected <file>',
    );
    expect(await query(empty, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
    expect(existsSync(join(fleet.folder, 'nothing.backup'))).toBe(false);
  });

  it('says what is wrong with the URL or the programs, and never the password', async () => {
    const backup = ['backup', '--postgres', 'new.backup'];
    expect(await refusal(backup)).toContain('DATABASE_URL is not set');
    expect(await refusal(backup, { DATABASE_URL: source.replace(/:\d+\//, ':1/') })).toContain(
      'cannot be used: connect ECONNREFUSED',
    );
    expect(await refusal(backup, { DATABASE_URL: `${source}_gone` })).toContain('does not exist');
    expect(await refusal(backup, { DATABASE_URL: source.replace('postgres://', 'mysql://') })).toContain(
      'no postgres:// URL',
    );
    expect(await refusal(backup, { DATABASE_URL: source.replace('127.0.0.1', '[') })).toContain('no postgres:// URL');
    expect(await refusal(backup, { DATABASE_URL: source.replace('backed_up:', 'backed_up:%') })).toContain(
      'percent-encoded',
    );
    expect(await refusal(backup, { DATABASE_URL: `${source}?password=${PASSWORD}` })).toContain('parameter other than');
    expect(await refusal(backup, { DATABASE_URL: source, PATH: join(fleet.folder, 'data') })).toContain(
      'pg_dump is not on PATH',
    );
    const folder = join(fleet.folder, 'old');
    mkdirSync(folder);
    writeFileSync(join(folder, 'pg_dump'), '#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.24"\n');
    chmodSync(join(folder, 'pg_dump'), 0o755);
    expect(await refusal(backup, { DATABASE_URL: source, PATH: `${folder}:${process.env.PATH ?? ''}` })).toContain(
      'older than the server',
    );
    for (const name of ['new.backup', 'new.backup.partial']) expect(existsSync(join(fleet.folder, name))).toBe(false);
  });
});
