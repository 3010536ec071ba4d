import { writeFileSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';
import { runAccuracy } from './accuracy/command';
import { isAccuracy } from './accuracy/options';
import { machine } from './machine';
import { type CommandLine, parseCommandLine, usage } from './options';
import { runReplay } from './replay/command';
import { isReplay } from './replay/options';
import { routingReport } from './routing/scenario';
import { simulate } from './simulate';
import { type HelperData } from './thread/messages';
import { runHelper } from './thread/worker';

function parse(): CommandLine | undefined {
  try {
    return parseCommandLine(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return undefined;
  }
}

function run({ help, json, scenario, simulation, routing }: CommandLine): void {
  if (help) {
    console.log(usage);
    return;
  }
  const started = performance.now();
  const figures =
    scenario === 'routing'
      ? routingReport(routing)
      : simulate(simulation, simulation.threads === 2 ? new URL(import.meta.url) : undefined);
  const report = {
    ...figures,
    wall_s: (performance.now() - started) / 1000,
    peak_memory_mb: process.resourceUsage().maxRSS / 1024,
    machine: machine(),
  };
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  for (const [name, value] of Object.entries(report))
    console.log(`${name.padEnd(34)} ${typeof value === 'number' ? +value.toPrecision(4) : JSON.stringify(value)}`);
}

if (!isMainThread) {
  runHelper(workerData as HelperData);
} else if (isAccuracy(process.argv.slice(2))) {
  runAccuracy(process.argv.slice(2));
} else if (isReplay(process.argv.slice(2))) {
  runReplay(process.argv.slice(2));
} else {
  const commandLine = parse();
  if (commandLine) run(commandLine);
  else process.exitCode = 2;
}
