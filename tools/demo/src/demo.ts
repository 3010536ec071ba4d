/** The whole demo: fleet, processes, rounds, verdict. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type RewardObservation } from '@secagg/schema';
import { DemoFleet } from './fleet/demo-fleet';
import { generateTraffic } from './input/generate-traffic';
import { readObservations } from './input/read-observations';
import { type DemoOptions } from './options';
import { type DemoPlan, makePlan } from './plan';
import { DemoProcesses, type Scripts } from './processes/demo-processes';
import { outFile } from './report/out-file';
import { describePrivacy, privacyStatement } from './report/privacy';
import { accuracy, isFinished, table } from './report/table';
import { checkTranscriptFolder, writeTranscript } from './report/transcript-folder';
import { Backlog, splitRows } from './round/backlog';
import { ServedSignal } from './round/served-signal';
import { chooseDropouts } from './round/dropouts';
import { type Demo, postObservations, type RoundReport, runRound, waitUntilSettled } from './round/run-round';

const GENERATED_ROWS = 40_000;
const EPOCH_TIMEOUT_MS = 90_000;

export interface ToolContext {
  readonly scripts: Scripts;
  readonly print: (text: string) => void;
}

/** Returns the exit status: 0 only when everything was verified. */
export async function runDemo(options: DemoOptions, { scripts, print }: ToolContext): Promise<number> {
  const startedAt = Date.now();
  if (options.transcript !== undefined) checkTranscriptFolder(options.transcript);
  const rows = options.input === undefined ? generateTraffic(GENERATED_ROWS) : readObservations(options.input);
  if (rows.length === 0) throw new Error('there are no observations in the input');
  const plan = makePlan(rows, options);
  const folder = mkdtempSync(join(tmpdir(), 'secagg-demo-'));
  const fleet = await DemoFleet.create(folder, options, plan);
  const processes = new DemoProcesses(fleet, options, plan, scripts);
  const killAll = () => {
    for (const each of processes.all()) each.killNow();
  };
  const abandon = (): never => {
    killAll();
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  };
  // However this program ends, it leaves nothing running, unless that was asked for.
  process.once('exit', killAll).once('SIGINT', abandon).once('SIGTERM', abandon).once('SIGHUP', abandon);
  const say = (text: string) => print(`[${((Date.now() - startedAt) / 1000).toFixed(1).padStart(5)} s] ${text}`);
  let status: number;
  try {
    introduce(options, plan, rows, say);
    const timings: Record<string, number> = {};
    const reports = await runRounds(
      { options, plan, fleet, processes, backlog: new Backlog(), served: new ServedSignal(), say },
      rows,
      timings,
    );
    timings.total_ms = Date.now() - startedAt;
    status = conclude(options, plan, fleet, reports, timings, print);
  } catch (error) {
    print(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
    print(`logs are kept in ${folder}`);
    killAll();
    await processes.closeClients();
    return 1;
  }
  await processes.closeClients();
  if (options.keep) {
    process.off('exit', killAll);
    keep(processes, folder, print);
    return status;
  }
  await processes.stop();
  if (status === 0) rmSync(folder, { recursive: true, force: true });
  else print(`logs are kept in ${folder}`);
  return status;
}

function introduce(
  options: DemoOptions,
  plan: DemoPlan,
  rows: readonly RewardObservation[],
  say: (text: string) => void,
): void {
  const source = options.input === undefined ? 'generated traffic' : options.input;
  say(
    `${rows.length} observations (${source}), ${plan.keys.length} keys, for ${options.routers} routers; at least ${options.minParticipants} must take part`,
  );
  const { latencyBoundSeconds, costBoundUsdPerToken } = plan.fieldOptions;
  if (plan.rowsPastBounds > 0)
    say(
      `${plan.rowsPastBounds} rows are past the declared bounds (${latencyBoundSeconds} s, ${costBoundUsdPerToken} USD per token) and count as the bound`,
    );
}

async function runRounds(
  demo: Demo,
  rows: readonly RewardObservation[],
  timings: Record<string, number>,
): Promise<RoundReport[]> {
  const { options, fleet, processes, say } = demo;
  const dropouts = chooseDropouts(fleet.routers, fleet.members, options);
  const began = Date.now();
  await processes.start(dropouts.beforeAnswer);
  timings.processes_started_ms = Date.now() - began;
  say(`coordinator at ${processes.coordinator.url} and ${fleet.routers.length} router-nodes are running`);
  await waitForEpoch(demo);
  timings.epoch_set_up_ms = Date.now() - began - timings.processes_started_ms;
  say(`epoch in force: committee ${fleet.members.join(', ')}, threshold ${options.threshold}`);
  const shares = splitRows(rows, fleet.routers, options.rounds);
  const reports: RoundReport[] = [];
  for (const [index, share] of shares.entries()) {
    const dead = fleet.routers.filter((id) => !processes.router(id).isRunning);
    if (dead.length > 0) {
      await processes.startRouters(dead, dropouts.beforeAnswer);
      say(`${dead.join(', ')} started again`);
    }
    const posting = Date.now();
    await postObservations(demo, share, index + 1);
    await waitUntilSettled(demo);
    if (index === 0) timings.observations_posted_ms = Date.now() - posting;
    const report = await runRound(demo, dropouts);
    say(`round ${report.round} ${report.outcome}${report.reason === undefined ? '' : `: ${report.reason}`}`);
    for (const problem of report.problems.slice(0, 20)) say(`PROBLEM: ${problem}`);
    reports.push(report);
  }
  return reports;
}

async function waitForEpoch({ processes }: Demo): Promise<void> {
  for (const deadline = Date.now() + EPOCH_TIMEOUT_MS; ; await pause(50)) {
    if (await processes.coordinatorClient().currentEpoch()) return;
    if (Date.now() > deadline) throw new Error(`no epoch came into force\n${processes.coordinator.lastLines()}`);
  }
}

function conclude(
  options: DemoOptions,
  plan: DemoPlan,
  fleet: DemoFleet,
  reports: readonly RoundReport[],
  timings: Readonly<Record<string, number>>,
  print: (text: string) => void,
): number {
  const last = reports[reports.length - 1];
  print('');
  if (isFinished(last))
    for (const line of [...table(last), '', ...accuracy(last, plan, !options.unsafeNoNoise)]) print(line);
  print(
    `participants: ${last.participants.join(', ') || 'none'}${last.dropped.length > 0 ? `; not in it: ${last.dropped.join(', ')}` : ''}`,
  );
  for (const line of describePrivacy(privacyStatement(options, plan, fleet.budgetRho, last), options)) print(line);
  const failed = reports.filter(
    (report) => report.problems.length > 0 || !(report.outcome === 'published' || report.expected),
  );
  const verified = failed.length === 0;
  print(
    `audit: ${verified ? `VERIFIED, ${reports.length === 1 ? 'the round' : `all ${reports.length} rounds`} from published transcripts and the authority's key alone` : `FAILED in round ${failed.map(({ round }) => round).join(', ')}`}`,
  );
  if (last.expected)
    print(
      `  the round was aborted as it should be: fewer than ${options.minParticipants} routers were left, nothing was opened`,
    );
  const { announced_to_closed_ms, closed_to_result_ms } = last.timings;
  print(
    `timings: processes ${timings.processes_started_ms} ms, committee ${timings.epoch_set_up_ms} ms, announced to closed ${announced_to_closed_ms} ms, closed to result ${closed_to_result_ms} ms, in all ${timings.total_ms} ms`,
  );
  if (options.out !== undefined)
    writeFileSync(
      resolve(options.out),
      `${JSON.stringify(outFile(options, plan, fleet, reports, timings), null, 2)}\n`,
    );
  if (options.transcript !== undefined && last.transcriptFiles.size > 0) {
    writeTranscript(options.transcript, last.transcriptFiles);
    print(`transcript: npm run secagg -- audit ${options.transcript}`);
  }
  return verified ? 0 : 1;
}

function keep(processes: DemoProcesses, folder: string, print: (text: string) => void): void {
  print('');
  print(`still running; configuration, keys and logs are in ${folder}`);
  for (const process of processes.all().filter(({ isRunning }) => isRunning)) {
    print(`  ${process.name.padEnd(12)} ${process.url}  pid ${process.pid}`);
    process.release();
  }
  print(
    `stop them with: kill ${processes
      .all()
      .flatMap(({ isRunning, pid }) => (isRunning ? [pid] : []))
      .join(' ')}`,
  );
}
