/** npm run bench -- --help */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTool, toolCommand } from '@secagg/testbed/command-line';
import { Bench } from './bench';
import { figures } from './figures';
import { kernelFigures } from './kernels';
import { loadCommand } from './load/command';
import { machine } from './machine';
import { samplerFigures } from './samplers';
import { header, line, type Result } from './table';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const scripts = {
  simulate: join(dist, 'tools', 'simulate', 'main.js'),
  coordinator: join(dist, 'apps', 'coordinator', 'main.js'),
  routerNode: join(dist, 'apps', 'router-node', 'main.js'),
};

async function run(json: string | undefined, only: string | undefined): Promise<number> {
  const chosen = figures.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0) {
    console.error(`there is no figure ${only}; there are: ${figures.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const measuredOn = machine();
  console.log(
    `${measuredOn.cpu}, ${measuredOn.cores} cores, ${measuredOn.memory_gb} GB, node ${measuredOn.node}, ${measuredOn.platform}\n\n${header}`,
  );
  const bench = new Bench(scripts);
  const results: Result[] = [];
  const problems: string[] = [];
  for (const figure of chosen) {
    const { name, unit, target, stretch } = figure;
    try {
      const result: Result = { name, value: await figure.measure(bench), unit, target, stretch, checked: true };
      results.push(result);
      console.log(line(result, figure));
    } catch (error) {
      // A figure that cannot be measured is left out: there is no other honest value for it.
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      console.log(`${name.padEnd(46)}${'-'.padStart(10)}`);
    }
  }
  const notes = [...bench.notes, ...(only === undefined ? [...samplerFigures(), ...kernelFigures()] : [])];
  for (const { name, value, unit } of notes)
    console.log(
      `${name.padEnd(46)}${(+value.toPrecision(3)).toLocaleString('en').padStart(10)}${''.padStart(20)}  ${unit}`,
    );
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine: measuredOn, results, notes }, null, 2)}\n`);
  for (const problem of problems) console.error(`\n${problem}`);
  return problems.length > 0 ? 1 : 0;
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'load' || command === 'empty-handler') {
  const self = fileURLToPath(import.meta.url);
  process.exitCode = await loadCommand(command === 'load' ? rest : [command], { ...scripts, self });
} else
  process.exitCode = await runTool(
    () =>
      toolCommand(
        'bench',
        'Measures every figure in the docs of this project and prints it beside what is to be reached.',
      )
        .option('--json <file>', 'write the figures as JSON')
        .option('--only <name>', 'one figure')
        .parse(process.argv.slice(2), { from: 'user' })
        .opts<{ json?: string; only?: string }>(),
    ({ json, only }) => run(json, only),
  );
