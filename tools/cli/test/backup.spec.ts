/**
 * Backups of running services, and what a router, a member and a coordinator that come back from one do and do not do.
 */
import { freePort } from '@secagg/testbed/ports';
import { eventually } from '@secagg/testbed/wait';
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import Libsql from 'libsql';
import { kill, type Running, TrialFleet } from './support/trial-fleet';

jest.setTimeout(300_000);

const ids = ['router-0', 'router-1', 'router-2', 'router-3'];
const plan = { minParticipantsPerGroup: 2, maxParticipants: 4, privacy: { epsilon: 0.5 } };
const timings = { reportGraceMs: 1000, answerGraceMs: 1000, proposalTimeoutMs: 2000, undecidedTimeoutMs: 4000 };
const fleet = new TrialFleet(ids);
const { secagg, at, status, observe, outcome, settled, startRound, node } = bound(fleet);
let port: number;

afterAll(() => fleet.remove());

function bound(trial: TrialFleet) {
  return {
    secagg: trial.secagg.bind(trial),
    at: trial.at.bind(trial),
    status: trial.status.bind(trial),
    observe: trial.observe.bind(trial),
    outcome: trial.outcome.bind(trial),
    settled: trial.settled.bind(trial),
    startRound: trial.startRound.bind(trial),
    node: trial.node.bind(trial),
  };
}

const rounds = async (id: string): Promise<number[]> => (await status(id)).participations.map(({ round }) => round);

/** The data directory is lost, and comes back from the backup in another one. */
async function comeBack(dataDir: string, ...options: string[]): Promise<void> {
  await kill(node('router-3'));
  rmSync(at(dataDir), { recursive: true, force: true });
  await secagg('restore', 'router-3.backup', dataDir, ...options);
  expect(statSync(at(dataDir, 'router.db')).mode & 0o777).toBe(0o600);
  expect(existsSync(at(dataDir, 'committee.db'))).toBe(false);
  await fleet.startNode('router-3', { SECAGG_DATA_DIR: dataDir });
}

it('sets a fleet up, and backs a router and the coordinator up in the middle of a round', async () => {
  await fleet.create([
    '--committee',
    '4',
    '--threshold',
    '2',
    '--min-participants',
    '2',
    '--assumed-colluders',
    '0',
    '--clock-tolerance-s',
    '2',
  ]);
  port = await freePort();
  await fleet.startCoordinator(plan, { port, timings });
  await Promise.all(ids.map((id) => fleet.startNode(id)));
  await fleet.startEpoch();
  await observe('router-3', 7);
  // It waits for one more than there are, so that it is open for all of its time.
  const round = await startRound(8000);
  await eventually('its contribution', async () => (await status('router-3')).observations.taken === 7);
  await observe('router-3', 5);

  expect(await secagg('backup', 'data-router-3', 'router-3.backup')).toMatchObject({ service: 'router-node' });
  expect(await secagg('backup', 'data-coordinator', 'coordinator.backup')).toMatchObject({ service: 'coordinator' });
  await expect(secagg('backup', 'data-router-3', 'router-3.backup')).rejects.toThrow('there already');
  for (const name of ['router-3.backup', 'coordinator.backup']) expect(statSync(at(name)).mode & 0o777).toBe(0o600);
  expect(tablesOf('router-3.backup')).not.toContain('epoch_secret');
  expect(readFileSync(at('router-3.backup')).includes('"latency_s"')).toBe(false);
  expect(await outcome(round)).toMatchObject({ phase: 'published', contributions: 4 });
  await settled('router-3', round);
});

it('a restored router has nothing left to spend, drops what may be published, and has lost its seat until a later epoch', async () => {
  const second = await startRound(30_000);
  expect(await outcome(second)).toMatchObject({ phase: 'published', contributions: 4 });
  await settled('router-3', second);
  const spent = (await status('router-3')).privacy?.spent_rho as number;

  await comeBack('data-router-3');
  const restored = await status('router-3');
  expect(restored.privacy?.remaining_rho).toBe(0);
  expect(restored.privacy?.spent_rho).toBeGreaterThanOrEqual(spent);
  expect(restored.observations).toEqual({ waiting: 0, taken: 0 });
  // The contribution that the backup knows of is settled as it was.
  await settled('router-3', 1);

  await pause(2100);
  await observe('router-3', 3);
  const third = await startRound(5000);
  expect(await outcome(third)).toMatchObject({ phase: 'published', contributions: 3 });
  expect((await status('router-3')).last_refusal).toMatchObject({ round: third, code: 'budget_exhausted' });
  expect(node('router-3').log()).toMatch(/"code":"no_seat".*work refused/);

  await fleet.startEpoch();
  const before = node('router-3').log().length;
  expect(await outcome(await startRound(5000))).toMatchObject({ phase: 'published', contributions: 3 });
  await eventually('its answer in the new epoch', () =>
    /decision answered|contributions checked/.test(node('router-3').log().slice(before)),
  );
});

it('a restored router whose operator knows what was spent sits out rounds announced before, and takes part in later ones', async () => {
  const open = await startRound(40_000);
  await eventually(
    'its part in it, or its refusal',
    async () => (await status('router-3')).last_refusal?.round === open,
  );
  await comeBack('data-router-3-again', '--assume-spent-rho', '0.1');
  await eventually('its refusal', async () => (await status('router-3')).last_refusal?.code === 'stale_round');
  expect((await status('router-3')).last_refusal?.round).toBe(open);
  const { privacy } = await status('router-3');
  expect(privacy?.spent_rho).toBeGreaterThan(0.1);
  expect(privacy?.remaining_rho).toBeGreaterThan(0);
  expect(await outcome(open)).toMatchObject({ phase: 'published', contributions: 3 });

  await observe('router-3', 2);
  const next = await startRound(20_000);
  expect(await outcome(next)).toMatchObject({ phase: 'published', contributions: 4 });
  await settled('router-3', next);
  expect((await status('router-3')).observations).toEqual({ waiting: 0, taken: 0 });
});

it('a restored coordinator goes on above the numbers that it may have used', async () => {
  if (fleet.coordinator) await kill(fleet.coordinator);
  const known = await rounds('router-0');
  await secagg('restore', 'coordinator.backup', 'data-coordinator-again');
  await fleet.startCoordinator(plan, { port, timings, dataDir: 'data-coordinator-again' });
  expect(fleet.coordinator?.log()).toMatch(/comes back from a backup/);
  await fleet.startEpoch();
  const round = await startRound(8000);
  expect(round).toBeGreaterThan(Math.max(...known, 4096));
  expect(await outcome(round)).toMatchObject({ phase: 'published' });
});

it('a restored coordinator goes by what its operator states, and not on with a clock that cannot be right', async () => {
  if (fleet.coordinator) await kill(fleet.coordinator);
  await expect(secagg('restore', 'coordinator.backup', 'data-x', '--assume-spent-rho', '1')).rejects.toThrow('budget');
  await expect(secagg('restore', 'router-3.backup', 'data-x', '--assume-rounds', '1')).rejects.toThrow('announces');
  await secagg('restore', 'coordinator.backup', 'data-coordinator-future');
  const mark = new Libsql(at('data-coordinator-future', 'coordinator.db'));
  mark.prepare('UPDATE backup_mark SET made_at_ms = ?').run([Date.now() + 3_600_000]);
  mark.close();
  await expect(fleet.startCoordinator(plan, { port, timings, dataDir: 'data-coordinator-future' })).rejects.toThrow(
    /behind the backup.*--assume-rounds/,
  );
  await secagg('restore', 'coordinator.backup', 'data-coordinator-stated', '--assume-rounds', '500000');
  await fleet.startCoordinator(plan, { port, timings, dataDir: 'data-coordinator-stated' });
  await fleet.startEpoch();
  const round = await startRound(3000);
  expect(round).toBeGreaterThan(500_000);
  // A round that is still open would keep the next test from starting one.
  await outcome(round);
});

it('a coordinator whose disk was rolled back is found out by routers, and goes on above what they have answered', async () => {
  const [before] = await rounds('router-0');
  await kill(fleet.coordinator as Running);
  // A copy without a mark, as of a disk image, and a round that it knows nothing of.
  cpSync(at('data-coordinator-stated'), at('data-image'), { recursive: true });
  await fleet.startCoordinator(plan, { port, timings, dataDir: 'data-coordinator-stated' });
  const lost = await startRound(8000);
  expect(await outcome(lost)).toMatchObject({ phase: 'published' });
  await settled('router-0', lost);
  expect(lost).toBeGreaterThan(before);

  await kill(fleet.coordinator as Running);
  await fleet.startCoordinator(plan, { port, timings, dataDir: 'data-image' });
  await eventually('a router that reminds it', () =>
    /its database was rolled back/.test(fleet.coordinator?.log() ?? ''),
  );
  expect(node('router-0').log() + node('router-1').log() + node('router-2').log()).toMatch(
    /seems to have forgotten a round/,
  );
  await fleet.startEpoch();
  const next = await startRound(8000);
  expect(next).toBeGreaterThan(lost);
  expect(await outcome(next)).toMatchObject({ phase: 'published' });
  expect(await secagg('evidence', 'list', fleet.origin, '--authority', 'fleet/authority.pub', '--json')).toMatchObject({
    evidence: [],
  });
});

it('refuses what is no backup, and what would bring votes back', async () => {
  await expect(secagg('restore', 'router-3.backup', 'data-router-0')).rejects.toThrow('router.db is there');
  writeFileSync(at('noise'), Buffer.alloc(10_000, 7));
  await expect(secagg('restore', 'noise', 'data-new')).rejects.toThrow();
  await kill(node('router-0'));
  for (const name of ['router.db', 'committee.db'])
    await expect(secagg('restore', `data-router-0/${name}`, 'data-new')).rejects.toThrow(/not made by|no backup/);
  expect(existsSync(at('data-new', 'router.db'))).toBe(false);
  await expect(secagg('backup', '.', 'nothing')).rejects.toThrow('neither');
});

function tablesOf(file: string): string[] {
  const database = new Libsql(at(file));
  const tables = (
    database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all([]) as { name: string }[]
  ).map(({ name }) => name);
  database.close();
  return tables;
}
