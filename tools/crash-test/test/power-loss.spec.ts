/**
 * Power losses, with strace looking over the shoulder of real processes: what was written, what was synced, and what
 * had been promised by then. Without strace, or the right to trace, this cannot be shown: the tests are skipped, and
 * say so.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { headerHash } from '@secagg/protocol';
import { contributionMessage, decodeCanonical, receiptMessage, signedMessage } from '@secagg/schema';
import { UnsafeDraw } from '@secagg/testbed/random';
import Database from 'libsql';
import { crashTest } from '../src/crash-test';
import { dataDir } from '../src/fleet/configs';
import { CrashFleet } from '../src/fleet/crash-fleet';
import { parseCommandLine } from '../src/options';
import { filesBelow, finishedLog, losePower, restoreFiles } from '../src/power/power-loss';
import { canTrace, traced } from '../src/power/strace';
import { playRound } from '../src/rounds/play-round';
import { createWorld, insist, subject, type World } from '../src/world';
import { type Promised, promises } from './acknowledgements';

jest.setTimeout(300_000);

const workspace = resolve(__dirname, '../../..');
const scripts = {
  coordinator: join(workspace, 'dist/apps/coordinator/main.js'),
  routerNode: join(workspace, 'dist/apps/router-node/main.js'),
  cli: join(workspace, 'dist/tools/cli/main.js'),
};
const isTraced = canTrace();
if (!isTraced)
  console.warn('SKIPPED: strace is not installed or may not trace here, so nothing about power losses is shown');
const withStrace = isTraced ? it : it.skip;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secagg-power-loss-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Rows of a query on a database as it would be found. */
function rowsOf(files: ReadonlyMap<string, Buffer>, root: string, name: string, sql: string): unknown[][] {
  const found = join(folder, 'found');
  restoreFiles(
    found,
    new Map(
      [...files].filter(([path]) => !path.includes('.lock')).map(([path, bytes]) => [path.replace(root, found), bytes]),
    ),
  );
  const database = new Database(join(found, name));
  try {
    return database.prepare(sql).raw().all([]) as unknown[][];
  } finally {
    database.close();
  }
}
const bytesOf = (value: unknown): Uint8Array => new Uint8Array(value as ArrayBuffer);

withStrace('a power loss takes what SQLite does not sync, and leaves what it does', async () => {
  const program = join(workspace, 'tools/crash-test/test/write-and-die.cjs');
  const rowsWith = async (synchronous: string): Promise<unknown[][]> => {
    const root = join(folder, synchronous);
    restoreFiles(root, new Map());
    const log = join(folder, `${synchronous}.strace`);
    const [command, args] = traced(log, [process.execPath, program, join(root, 'a.db'), synchronous]);
    const { pid, signal } = spawnSync(command, args);
    expect(signal).toBe('SIGKILL');
    await losePower(root, new Map(), log, pid);
    return rowsOf(filesBelow(root), root, 'a.db', "SELECT count(*) FROM sqlite_master WHERE name = 't'").concat(
      synchronous === 'FULL' ? rowsOf(filesBelow(root), root, 'a.db', 'SELECT x FROM t') : [],
    );
  };
  expect(await rowsWith('FULL')).toEqual([[1], [7]]);
  expect(await rowsWith('OFF')).toEqual([[0]]);
});

/** What of a member's snapshot is looked at. */
interface MemberSnapshot {
  seats: [number, { signedBody?: Uint8Array }][];
  rounds: [string, { report?: unknown; vote?: unknown; answered?: Uint8Array }][];
}

async function traceRound(): Promise<{ world: World; logs: Record<string, { log: string; root: string }> }> {
  const world = await createWorld(
    new CrashFleet(join(folder, 'fleet'), 'exact'),
    new UnsafeDraw('power'),
    scripts,
    (text) => console.error(text),
  );
  const logs: Record<string, { log: string; root: string }> = {};
  try {
    for (const [name, each] of world.subjects)
      await each.start(
        undefined,
        name === 'coordinator' || name === 'router-0' ? { powerLoss: true, sockets: true } : {},
      );
    await insist('an epoch', 60_000, () => world.coordinator.currentEpoch());
    await playRound(world, 'ordinary');
    for (const name of ['coordinator', 'router-0']) {
      const each = subject(world, name);
      const { pid } = each;
      await each.kill();
      logs[name] = { log: await finishedLog(each.straceFile, pid as number), root: dataDir(world.fleet, name) };
    }
  } finally {
    for (const each of world.subjects.values()) each.killNow();
    await Promise.all([...world.subjects.values()].map((each) => each.ended.then(() => each.closeLog())));
    await world.coordinator.close();
    await Promise.all(world.fleet.routers.map(async (id) => world.node(id)?.close()));
    await world.proxy.stop();
  }
  return { world, logs };
}

const named = (all: readonly Promised[], kind: Promised['kind'], what: RegExp): Promised[] =>
  all.filter((each) => each.kind === kind && what.test(each.request));
const bodyOf = (bytes: Buffer): Buffer => bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);

withStrace(
  'everything is synced before it is acknowledged or sent, by the coordinator and by a router-node',
  async () => {
    const { world, logs } = await traceRound();
    expect(world.problems).toEqual([]);

    const { root } = logs.coordinator;
    const acknowledged = [...promises(logs.coordinator.log, root, new Map())];
    for (const { request, unsynced } of acknowledged) expect({ request, unsynced }).toEqual({ request, unsynced: [] });
    const count = (what: RegExp) => named(acknowledged, 'answered', what).length;
    expect(count(/\/rounds /)).toBe(1);
    // A slow machine may need a second attempt at the epoch, for which all take seats and sign anew.
    for (const what of [/seats/, /epoch-signatures/]) expect(count(what)).toBeGreaterThanOrEqual(4);
    for (const what of [/reports/, /votes/, /answers/]) expect(count(what)).toBeGreaterThanOrEqual(3);

    // What would have been found again right after each receipt: the contribution that it is for.
    const receipts = named(acknowledged, 'answered', /contributions/);
    expect(receipts).toHaveLength(6);
    for (const { bytes, files } of receipts) {
      const { router, header_hash } = receiptMessage.decode(signedMessage.decode(bodyOf(bytes)).body);
      const rows = rowsOf(files, root, 'coordinator.db', `SELECT bytes FROM contributions WHERE router = '${router}'`);
      expect(rows.map(([stored]) => headerHash(contributionMessage.decode(bytesOf(stored)).header))).toEqual([
        header_hash,
      ]);
    }

    const member = logs['router-0'];
    const promised = [...promises(member.log, member.root, new Map())];
    for (const { request, unsynced } of promised) expect({ request, unsynced }).toEqual({ request, unsynced: [] });
    expect(named(promised, 'answered', /observations/).length).toBeGreaterThanOrEqual(1);
    const eventsAt = ({ files }: Promised, name: string, type: string): unknown[] =>
      rowsOf(files, member.root, name, `SELECT body FROM event WHERE type = '${type}'`).map(([body]) =>
        decodeCanonical(bytesOf(body)),
      );
    // What is sent is what would be sent again.
    const [contribution] = named(promised, 'sent', /contributions/);
    expect(eventsAt(contribution, 'router.db', 'contribution-prepared')).toMatchObject([
      { bytes: new Uint8Array(bodyOf(contribution.bytes)) },
    ]);
    // A second attempt at the epoch makes more events, so that a snapshot may have taken their place.
    const snapshotAt = ({ files }: Promised): MemberSnapshot => {
      const [row] = rowsOf(files, member.root, 'committee.db', 'SELECT body FROM snapshot');
      return row ? (decodeCanonical(bytesOf(row[0])) as MemberSnapshot) : { seats: [], rounds: [] };
    };
    for (const [what, type, inSnapshot] of [
      [/seats/, 'seat-made', ({ seats }) => seats.length],
      [/epoch-signatures/, 'epoch-body-signed', ({ seats }) => seats.filter(([, { signedBody }]) => signedBody).length],
      [/reports/, 'reported', ({ rounds }) => rounds.filter(([, { report }]) => report).length],
      [/votes/, 'voted', ({ rounds }) => rounds.filter(([, { vote }]) => vote).length],
      [/answers/, 'answered', ({ rounds }) => rounds.filter(([, { answered }]) => answered).length],
    ] satisfies [RegExp, string, (snapshot: MemberSnapshot) => number][]) {
      const [first] = named(promised, 'sent', what);
      const kept = eventsAt(first, 'committee.db', type).length + inSnapshot(snapshotAt(first));
      expect({ type, kept }).toEqual({ type, kept: 1 });
    }
  },
);

withStrace(
  'processes that lose all that they have not synced, whenever they die, lose nothing that was acknowledged',
  async () => {
    const printed: string[] = [];
    const report = await crashTest(parseCommandLine(['--kills', '14', '--seed', 'power', '--power-loss']), {
      scripts,
      print: (text) => printed.push(text),
    });
    expect({ problems: report.problems, printed }).toMatchObject({ problems: [] });
    expect(report.kills_at_points).toBeGreaterThan(2);
    expect(report.outcomes.published).toBeGreaterThan(0);
  },
);
