/** The whole crash test: fleets one after the other, until all is killed that was to be. */
import { UnsafeDraw } from '@secagg/testbed/random';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FleetKind } from './fleet/terms';
import { matrixOrders, type Orders, randomOrders } from './kills/order';
import { Tally } from './kills/tally';
import { type CrashTestCommand } from './options';
import { type CrashPoint, crashPoints } from './points';
import { canTrace } from './power/strace';
import { type FleetReport, runFleet } from './run-fleet';
import { type Scripts } from './world';

export interface CrashTestReport {
  readonly seed: string;
  readonly kills: number;
  readonly kills_at_points: number;
  readonly kills_at_instants: number;
  /** Processes that were asked to stop, and did. */
  readonly stops: number;
  /** Named points that there are, and at which at least one process was killed. */
  readonly points: number;
  readonly points_killed_at: number;
  readonly unreached: readonly string[];
  readonly fleets: number;
  readonly rounds: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly contributions: number;
  readonly receipts: number;
  readonly batches: number;
  readonly failures: number;
  readonly problems: readonly string[];
  readonly wall_s: number;
  /** Kills by role and point. */
  readonly killed: Readonly<Record<string, number>>;
}

/** A fleet is replaced after this many random kills: each starts from nothing, and ends with all its checks. */
const KILLS_PER_FLEET = 60;

export interface ToolContext {
  readonly scripts: Scripts;
  readonly print: (text: string) => void;
}

export async function crashTest(command: CrashTestCommand, { scripts, print }: ToolContext): Promise<CrashTestReport> {
  if (command.powerLoss && !canTrace()) throw new Error('--power-loss needs strace, and the right to trace');
  const startedMs = Date.now();
  const root = mkdtempSync(join(tmpdir(), 'secagg-crash-test-'));
  const tally = new Tally();
  const reports: FleetReport[] = [];
  let killAll = () => undefined as void;
  const release = whenEnded(() => killAll());
  const say = (text: string) => print(`[${((Date.now() - startedMs) / 1000).toFixed(1).padStart(6)} s] ${text}`);
  const run = async (kind: FleetKind, orders: Orders, births: readonly CrashPoint[] = []) => {
    const number = reports.length;
    const report = await runFleet({
      kind,
      orders,
      births,
      scripts,
      tally,
      say,
      powerLoss: command.powerLoss,
      keep: command.keep,
      seed: `${command.seed}/${number}`,
      folder: join(root, `fleet-${number}`),
      onKill: command.verbose ? (text) => say(`killed ${text}`) : () => undefined,
      onStarted: (kill) => {
        killAll = kill;
      },
    });
    reports.push(report);
    say(
      `fleet ${number} (${kind}): ${tally.kills} kills so far, rounds ${JSON.stringify(report.outcomes)}, ${report.problems.length} failures`,
    );
  };
  print(`seed ${command.seed}`);
  if (command.matrix) await runMatrix(command, tally, run);
  const before = tally.kills;
  for (let number = 0; tally.kills - before < command.kills && noFailure(reports); number++) {
    const target = Math.min(command.kills, (number + 1) * KILLS_PER_FLEET) + before;
    await run(
      number % 2 === 0 ? 'exact' : 'noisy',
      randomOrders(new UnsafeDraw(`${command.seed}/kills/${number}`), () => tally.kills >= target),
    );
  }
  release();
  const report = conclude(command, tally, reports, (Date.now() - startedMs) / 1000);
  if (report.failures === 0 && !command.keep) rmSync(root, { recursive: true, force: true });
  else print(`databases and logs are in ${root}`);
  return report;
}

/** However this program ends, it leaves nothing running. Gives a function that takes that back. */
function whenEnded(killAll: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const abandon = () => {
    killAll();
    process.exit(130);
  };
  process.once('exit', killAll);
  for (const signal of signals) process.once(signal, abandon);
  return () => {
    process.off('exit', killAll);
    for (const signal of signals) process.off(signal, abandon);
  };
}

const noFailure = (reports: readonly FleetReport[]): boolean => reports.every(({ problems }) => problems.length === 0);

/** Fleets for the points: those of first starts and most others, and those of rounds that nobody decides. */
async function runMatrix(
  command: CrashTestCommand,
  tally: Tally,
  run: (kind: FleetKind, orders: Orders, births?: readonly CrashPoint[]) => Promise<void>,
): Promise<void> {
  const wanted = crashPoints.filter(({ role, name }) => `${role} ${name}`.includes(command.only ?? ''));
  const orders = (points: readonly CrashPoint[]) =>
    matrixOrders(points, ({ role, name }) => tally.unreached.push(`${role} ${name}`));
  const births = wanted.filter(({ need }) => need === 'birth');
  const undecided = wanted.filter(({ need }) => need === 'undecided');
  const others = wanted.filter(({ need }) => need !== 'birth' && need !== 'undecided');
  // In parts, so that what goes wrong is not buried under hundreds of rounds. Signals and ledgers are of different
  // kinds of fleets.
  const signals = others.filter(({ need }) => need === 'signal');
  const rest = others.filter(({ need }) => need !== 'signal');
  const third = Math.ceil(rest.length / 3);
  if (births.length + signals.length + third > 0)
    await run('exact', orders([...signals, ...rest.slice(0, third)]), births);
  if (rest.length > third) await run('noisy', orders(rest.slice(third, 2 * third)));
  if (rest.length > 2 * third) await run('noisy', orders(rest.slice(2 * third)));
  if (undecided.length > 0) await run('undecided', orders(undecided));
}

function conclude(
  { seed }: CrashTestCommand,
  tally: Tally,
  reports: readonly FleetReport[],
  wallSeconds: number,
): CrashTestReport {
  const outcomes: Record<string, number> = {};
  for (const report of reports)
    for (const [outcome, count] of Object.entries(report.outcomes))
      outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
  const sum = (of: (report: FleetReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  const problems = [
    ...reports.flatMap((report) => report.problems),
    ...tally.unreached.map((point) => `never reached: ${point}`),
  ];
  return {
    seed,
    kills: tally.kills,
    kills_at_points: tally.atPoints,
    kills_at_instants: tally.atInstants,
    stops: tally.stops,
    points: crashPoints.length,
    points_killed_at: tally.killed.size,
    unreached: tally.unreached,
    fleets: reports.length,
    rounds: Object.values(outcomes).reduce((total, count) => total + count, 0),
    outcomes,
    contributions: sum((report) => report.contributions),
    receipts: sum((report) => report.receipts),
    batches: sum((report) => report.batches),
    failures: problems.length,
    problems,
    wall_s: wallSeconds,
    killed: Object.fromEntries([...tally.killed].sort()),
  };
}
