/** The built simulator as a process: its options, its file, and its second thread, which only a built script can start. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

// Inside the workspace: what is not bundled is found from where the script is.
const folder = mkdtempSync(join(__dirname, '..', '..', '..', 'node_modules', '.simulate-test-'));
const script = join(folder, 'main.mjs');

beforeAll(() => {
  buildSync({
    entryPoints: [join(__dirname, '..', 'src', 'main.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    tsconfig: join(__dirname, '..', '..', '..', 'tsconfig.base.json'),
    outfile: script,
    logLevel: 'error',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const simulator = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
const small = ['--routers', '20', '--dimension', '20', '--dropout', '0.2', '--committee', '4', '--threshold', '2'];

it.each(['1', '2'])('writes figures of checked rounds with %s threads', (threads) => {
  if (threads === '2' && !existsSync('/proc/thread-self/schedstat')) return;
  const json = join(folder, `${threads}.json`);
  const { status, stdout } = simulator(
    ...small,
    '--rounds',
    '2',
    '--groups',
    '2',
    '--min-participants',
    '3',
    '--threads',
    threads,
    '--json',
    json,
  );
  expect(status).toBe(0);
  expect(stdout).toContain('router_cpu_ms');
  const figures = JSON.parse(readFileSync(json, 'utf8'));
  expect(figures).toMatchObject({ checked: true, routers: 20, participants: 16, rounds: 2, threads: Number(threads) });
  for (const name of [
    'router_cpu_ms',
    'build_cpu_ms',
    'coordinator_cpu_ms',
    'coordinator_contribution_cpu_ms',
    'committee_cpu_ms',
    'upload_bytes',
  ]) {
    expect(typeof figures[name]).toBe('number');
  }
  expect(figures.machine.cores).toBeGreaterThan(0);
});

it('explains itself, and refuses what it does not know', () => {
  expect(simulator('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--dropout') });
  expect(simulator('--suite', 'rot13')).toMatchObject({ status: 2, stderr: expect.stringContaining('rot13') });
});
