/** One fleet from its first start to its last check. */
import { UnsafeDraw } from '@secagg/testbed/random';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { finalChecks } from './checks/final-checks';
import { direct } from './direct';
import { CrashFleet } from './fleet/crash-fleet';
import { type FleetKind } from './fleet/terms';
import { Killer } from './kills/killer';
import { type Orders } from './kills/order';
import { type Tally } from './kills/tally';
import { type CrashPoint, unknownPoints } from './points';
import { playRound } from './rounds/play-round';
import { createWorld, insist, rolesOf, type Scripts, subject, type World } from './world';

export interface FleetRun {
  readonly kind: FleetKind;
  readonly seed: string;
  readonly folder: string;
  readonly scripts: Scripts;
  readonly orders: Orders;
  /** Points of first starts, to die at one after the other before anything else. */
  readonly births: readonly CrashPoint[];
  readonly tally: Tally;
  /** Processes that die at a point lose what they have not synced. */
  readonly powerLoss: boolean;
  /** Keeps databases and logs also without a failure. */
  readonly keep: boolean;
  readonly say: (text: string) => void;
  readonly onKill: (text: string) => void;
  /** Given a function that kills all processes, for when the program is about to end. */
  readonly onStarted: (killAll: () => void) => void;
}

export interface FleetReport {
  readonly problems: readonly string[];
  /** Rounds by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly contributions: number;
  readonly receipts: number;
  readonly batches: number;
}

const EPOCH_LIMIT_MS = 90_000;
/** Rounds without kills until everything that was acknowledged must be published. */
const DRAIN_ROUNDS = 8;

export async function runFleet(run: FleetRun): Promise<FleetReport> {
  const { kind, seed, folder, scripts, say } = run;
  const world = await createWorld(new CrashFleet(folder, kind), new UnsafeDraw(seed), scripts, say);
  const { subjects, problems, rounds, witness, backlog } = world;
  run.onStarted(() => {
    for (const each of subjects.values()) each.killNow();
  });
  let killer: Killer | undefined;
  try {
    await firstStarts(world, run);
    killer = new Killer(world, run.orders, run.tally, run.onKill, run.powerLoss);
    await insist('an epoch', EPOCH_LIMIT_MS, () => world.coordinator.currentEpoch());
    await direct(world, killer);
    await killer.end();
    for (let left = DRAIN_ROUNDS; left > 0 && problems.length === 0 && isWaiting(world); left--)
      await playRound(world, 'drain');
    if (problems.length === 0) await finalChecks(world);
    checkTrace(world);
    await Promise.all([...subjects.values()].map((each) => each.stop()));
  } catch (error) {
    world.fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await killer?.end();
    for (const each of subjects.values()) each.killNow();
    await Promise.all([...subjects.values()].map((each) => each.ended.then(() => each.closeLog())));
    await world.coordinator.close();
    await Promise.all(world.fleet.routers.map(async (id) => world.node(id)?.close()));
    await world.proxy.stop();
  }
  if (problems.length === 0 && !run.keep) rmSync(folder, { recursive: true, force: true });
  const outcomes: Record<string, number> = {};
  for (const { outcome } of rounds.values()) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const contributions = [...witness.contributions.values()].reduce((sum, { size }) => sum + size, 0);
  return { problems, outcomes, contributions, receipts: witness.receipts.size, batches: backlog.batches.length };
}

const isWaiting = ({ backlog, rounds }: World): boolean =>
  backlog.batches.some(({ publishedIn }) => publishedIn === undefined) &&
  ![...rounds.values()].some(({ outcome }) => outcome === 'undecided');

/**
 * Starts everything; with points to die at, one process of the role dies at each of them in turn, before it has ever
 * listened.
 */
async function firstStarts(world: World, { births, tally, onKill, powerLoss }: FleetRun): Promise<void> {
  for (const point of births) {
    const name = rolesOf(world)[point.role][0];
    const each = subject(world, name);
    await each.start(point.name, { powerLoss });
    await Promise.race([each.ended, pause(100)]);
    if (each.isRunning) {
      tally.unreached.push(`${point.role} ${point.name}`);
      await each.kill();
      continue;
    }
    tally.atPoint(point);
    onKill(`${name} at ${point.name}`);
  }
  await subject(world, 'coordinator').start();
  await Promise.all(world.fleet.routers.map((id) => subject(world, id).start()));
}

function checkTrace({ traceFile, fail }: World): void {
  const unknown = unknownPoints(readFileSync(traceFile, 'utf8').split('\n').filter(Boolean));
  if (unknown.length > 0) fail(`crash points that this test does not know: ${unknown.join(', ')}`);
}
