/**
 * Every npm script goes through here: node tools/run.mjs <task> [arguments].
 * It needs nothing but Node and npm: it installs what is missing from the lock file, builds what the task runs, then
 * runs it.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildKernels } from './build-kernels.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const apps = ['coordinator', 'router-node'];

/** A tool is bundled before it runs, together with the apps whose processes it starts. */
const tool = (project, needs = []) => ({
  build: [...needs, project],
  command: (args) => [join('dist/tools', project, 'main.js'), ...args],
  whereCalled: true,
});

const tasks = {
  demo: tool('demo', apps),
  secagg: tool('cli'),
  simulate: tool('simulate'),
  bench: tool('bench', [...apps, 'simulate']),
  load: { ...tool('bench', apps), command: (args) => ['dist/tools/bench/main.js', 'load', ...args] },
  fuzz: tool('fuzz', apps),
  settings: { build: [...apps, 'cli'], command: (args) => ['tools/settings-table.mjs', ...args] },
  'replica-test': { command: (args) => ['tools/replica-test.mjs', ...args], whereCalled: true },
  'crash-test': tool('crash-test', [...apps, 'cli']),
  test: {
    build: [...apps, 'demo', 'cli'],
    // Specs named slow take minutes of real time each: `npm run adversary` runs them, or `npm test -- slow`.
    command: (args) => [
      'node_modules/jest/bin/jest.js',
      '--config',
      'jest.config.cjs',
      '--maxWorkers=2',
      ...args,
      // Last: jest takes what follows this option for more patterns.
      ...(args.some((each) => each.includes('slow')) ? [] : ['--testPathIgnorePatterns=\\.slow\\.spec\\.ts$']),
    ],
  },
  adversary: {
    command: (args) => [
      'node_modules/jest/bin/jest.js',
      '--config',
      'jest.config.cjs',
      '--maxWorkers=2',
      '--testPathPatterns',
      'adversary',
      ...args,
    ],
  },
  typecheck: { command: (args) => ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json', ...args] },
  // The module boundaries are judged by the project graph; without a cached one their rule would pass everything.
  // knip finds files, exports and dependencies that nothing uses.
  lint: {
    before: async () => {
      await projectGraph();
      const checks = [
        ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
        ['node_modules/knip/bin/knip.js', '--no-progress'],
        ['tools/api-report.mjs'],
      ];
      // All of them, so that one fault does not hide the next.
      let status = 0;
      for (const check of checks) status = (await node(check)) || status;
      return status;
    },
    command: (args) => [
      'node_modules/eslint/bin/eslint.js',
      '--max-warnings',
      '0',
      ...(args.length > 0 ? args : ['.']),
    ],
  },
  api: { command: (args) => ['tools/api-report.mjs', '--update', ...args] },
  build: { command: (args) => ['node_modules/nx/dist/bin/nx.js', 'run-many', '-t', 'build', ...args] },
};

const environment = { ...process.env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_TUI: 'false' };

/** Runs a command to its end. `quiet`: its output is shown only if it fails. Returns the exit status. */
function run(command, args, { quiet = false, cwd = root } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: environment,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    });
    const output = [];
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    const forward = (signal) => child.kill(signal);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, forward);
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(127);
    });
    child.on('close', (code) => {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.off(signal, forward);
      if (quiet && code !== 0) process.stderr.write(Buffer.concat(output));
      resolve(code ?? 1);
    });
  });
}

const node = (args, options) => run(process.execPath, args, options);

async function orExit(status) {
  const code = await status;
  if (code !== 0) process.exit(code);
}

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

async function install() {
  const installed = modified(join(root, 'node_modules/.package-lock.json'));
  if (installed >= modified(join(root, 'package-lock.json'))) return;
  console.error('Installing packages from the lock file ...');
  await orExit(run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], { quiet: true }));
}

/** Newest change to anything below a folder that can end up in a bundle. */
function newestSource(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((newest, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return Math.max(newest, newestSource(path));
    return entry.name.endsWith('.spec.ts') ? newest : Math.max(newest, statSync(path).mtimeMs);
  }, modified(folder));
}

const folderOf = (project) => (apps.includes(project) ? `apps/${project}` : `tools/${project}`);

/** Starting nx takes seconds, so what is newer than all of its sources is not built again. */
async function build(projects) {
  const shared = Math.max(
    newestSource(join(root, 'libs')),
    newestSource(join(root, 'tools/testbed')),
    ...['package-lock.json', 'tsconfig.base.json', 'nx.json'].map((file) => modified(join(root, file))),
  );
  const stale = projects.filter((project) => {
    const sources = Math.max(shared, newestSource(join(root, folderOf(project))));
    return modified(join(root, 'dist', folderOf(project), 'main.js')) <= sources;
  });
  if (stale.length === 0) return;
  console.error(`Building ${stale.join(', ')} ...`);
  await orExit(
    node(['node_modules/nx/dist/bin/nx.js', 'run-many', '-t', 'build', '-p', stale.join(','), '--outputStyle=static'], {
      quiet: true,
    }),
  );
}

async function projectGraph() {
  await orExit(node(['node_modules/nx/dist/bin/nx.js', 'show', 'projects'], { quiet: true }));
  if (existsSync(join(root, '.nx/workspace-data/project-graph.json'))) return;
  console.error('There is no project graph: the module boundaries could not be checked.');
  process.exit(1);
}

async function main([name, ...args]) {
  const task = Object.hasOwn(tasks, name ?? '') ? tasks[name] : undefined;
  if (!task) {
    console.error(`usage: node tools/run.mjs <${Object.keys(tasks).join('|')}> [arguments]`);
    return 2;
  }
  await install();
  await buildKernels();
  if (task.build) await build(task.build);
  const before = (await task.before?.()) ?? 0;
  const [script, ...rest] = task.command(args);
  // npm runs scripts in the package's folder; paths given to a tool are meant from where npm was called.
  const calledFrom = process.env.npm_package_json === join(root, 'package.json') ? process.env.INIT_CWD : undefined;
  const status = await node([join(root, script), ...rest], {
    cwd: task.whereCalled ? (calledFrom ?? process.cwd()) : root,
  });
  return status || before;
}

process.exit(await main(process.argv.slice(2)));
