/** Runs the crash test. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runTool } from '@secagg/testbed/command-line';
import { crashTest, type CrashTestReport } from './crash-test';
import { type CrashTestCommand, parseCommandLine } from './options';
import { crashPoints } from './points';

const built = (path: string) => fileURLToPath(new URL(`../../${path}/main.js`, import.meta.url));
const scripts = {
  coordinator: built('apps/coordinator'),
  routerNode: built('apps/router-node'),
  cli: built('tools/cli'),
};
const print = (text: string) => console.log(text);

function summarise(report: CrashTestReport, command: CrashTestCommand): void {
  const {
    seed,
    kills,
    kills_at_points,
    kills_at_instants,
    stops,
    points,
    points_killed_at,
    fleets,
    rounds,
    outcomes,
    contributions,
    receipts,
    batches,
    failures,
    problems,
    wall_s,
  } = report;
  const rows: [string, string][] = [
    [
      'kills',
      `${kills} (${kills_at_points} at named points, ${kills_at_instants} at arbitrary instants), and ${stops} stops in good order`,
    ],
    ['points killed at', `${points_killed_at} of ${points}`],
    [
      'rounds',
      `${rounds} in ${fleets} fleets (${Object.entries(outcomes)
        .map(([outcome, count]) => `${count} ${outcome}`)
        .join(', ')})`,
    ],
    ['contributions', `${contributions}, ${receipts} of them acknowledged; ${batches} batches of observations`],
    ['time', `${Math.round(wall_s)} s`],
    ['failures', String(failures)],
  ];
  for (const [name, value] of rows) print(`${name.padEnd(17)} ${value}`);
  for (const problem of problems.slice(0, 20)) print(`FAILED: ${problem.split('\n')[0]}`);
  if (failures === 0) return;
  const matrix = command.matrix ? ` --matrix${command.only === undefined ? '' : ` --only '${command.only}'`}` : '';
  print(
    `again with: npm run crash-test -- --seed ${seed} --kills ${command.kills}${matrix}${command.powerLoss ? ' --power-loss' : ''} --verbose`,
  );
  print(
    '(the seed draws the same kills in the same order; how they fall into the course of the processes differs from run to run)',
  );
}

async function run(command: CrashTestCommand): Promise<number> {
  if (command.list) {
    for (const { role, name } of crashPoints) print(`${role} ${name}`);
    return 0;
  }
  const report = await crashTest(command, { scripts, print }).catch((error: unknown) => {
    console.error(`crash-test: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  });
  if (report === undefined) return 1;
  if (command.json !== undefined) writeFileSync(command.json, `${JSON.stringify(report, null, 2)}\n`);
  summarise(report, command);
  return report.failures === 0 ? 0 : 1;
}

process.exit(await runTool(() => parseCommandLine(process.argv.slice(2)), run));
