/** Runs the fuzzer, or one of its threads. */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { runTool } from '@secagg/testbed/command-line';
import { type Finding, type TargetReport } from './fuzz';
import { type FuzzCommand, parseCommandLine } from './options';
import { fuzzRoutes, type RouteReport } from './routes/fuzz-routes';
import { runThread, watchThread } from './watched';
import { createWorld } from './world';

const HANG_MS = 60_000;

/** Reports of one target from several threads are one report. */
function merge(reports: Map<string, RouteReport>, report: RouteReport): void {
  const held = reports.get(report.target);
  if (!held) {
    reports.set(report.target, report);
    return;
  }
  held.inputs += report.inputs;
  held.accepted += report.accepted;
  for (const [code, count] of Object.entries(report.refused)) held.refused[code] = (held.refused[code] ?? 0) + count;
  if (report.slowestMs > held.slowestMs)
    Object.assign(held, { slowestMs: report.slowestMs, slowestIndex: report.slowestIndex });
}

async function run({ inputs, seed, routes: share, from, slow: slowMs, only, json }: FuzzCommand): Promise<boolean> {
  const started = performance.now();
  const reports = new Map<string, RouteReport>();
  const findings: Finding[] = [];
  const onReport = (report: TargetReport, finding?: Finding) => {
    merge(reports, report);
    if (finding)
      console.log(
        `FOUND at ${finding.target}, input ${finding.index}, seed ${seed}: ${finding.problem}\n${finding.input.slice(0, 4000)}`,
      );
  };
  const routes = only === undefined ? Math.round(inputs * share) : only.includes('route') ? inputs : 0;
  const threads = Math.min(availableParallelism(), 8);
  if (inputs > routes) {
    const work = { seed, inputs: inputs - routes, slowMs, from, threads, ...(only === undefined ? {} : { only }) };
    const script = new URL(import.meta.url);
    const found = await Promise.all(
      Array.from({ length: threads }, (_, thread) => watchThread(script, { ...work, thread }, HANG_MS, onReport)),
    );
    findings.push(...found.flat());
  }
  if (routes > 0) {
    const scripts = join(dirname(fileURLToPath(import.meta.url)), '../../apps');
    findings.push(
      ...(await fuzzRoutes(
        createWorld(seed),
        { seed, inputs: routes, from, scripts, ...(only?.includes(' ') ? { only } : {}) },
        onReport,
      )),
    );
  }
  const report = {
    seed,
    inputs: [...reports.values()].reduce((sum, entry) => sum + entry.inputs, 0),
    wall_s: (performance.now() - started) / 1000,
    peak_memory_mb: process.resourceUsage().maxRSS / 1024,
    targets: [...reports.values()],
    findings,
  };
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  for (const { target, inputs: shown, accepted, refused, slowestMs, peakMemoryMb } of report.targets) {
    const codes = Object.entries(refused)
      .sort(([, a], [, b]) => b - a)
      .map(([code, count]) => `${code} ${count}`)
      .join(', ');
    console.log(
      `${target.padEnd(26)} ${String(shown).padStart(7)} inputs, ${accepted} accepted, slowest ${slowestMs.toFixed(1)} ms${peakMemoryMb === undefined ? '' : `, ${Math.round(peakMemoryMb)} MB`}; ${codes}`,
    );
  }
  console.log(
    `seed ${seed}: ${report.inputs} inputs in ${Math.round(report.wall_s)} s, ${Math.round(report.peak_memory_mb)} MB, ${findings.length} findings`,
  );
  return findings.length === 0;
}

if (!isMainThread) runThread();
else
  process.exitCode = await runTool(
    () => parseCommandLine(process.argv.slice(2)),
    async (command) => ((await run(command)) ? 0 : 1),
  );
