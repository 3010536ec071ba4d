/**
 * The built simulator as a process: its options, its file, and its second thread, which only a built script can start.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

describe('real outcomes played again', () => {
  const header = 'prompt,task,model,score,input_tokens,output_tokens,cost_usd';
  const rows = Array.from({ length: 20 }, (_, i) =>
    ['m1', 'm2'].map((model, m) => `p${i},t${i % 2},${model},${i % 2 === m ? 1 : 0.25},10,10,0.0001`),
  ).flat();
  const file = (name: string, lines: readonly string[]): string => {
    const path = join(folder, name);
    writeFileSync(path, lines.join('\n'));
    return path;
  };
  const replay = (input: string, ...args: string[]) =>
    simulator(
      '--scenario',
      'routing',
      '--input',
      input,
      '--routers',
      '6',
      '--rounds',
      '2',
      '--requests',
      '4',
      '--worlds',
      '2',
      ...args,
    );

  it('gives figures, tables and a plot, the same for the same seed', () => {
    const input = file('outcomes.csv', [header, ...rows]);
    const run = (name: string) => {
      const [json, markdown, svg] = ['json', 'md', 'svg'].map((ending) => join(folder, `${name}.${ending}`));
      const { status, stdout } = replay(input, '--seed', 's', '--json', json, '--markdown', markdown, '--svg', svg);
      expect(status).toBe(0);
      const { wall_s: _, ...figures } = JSON.parse(readFileSync(json, 'utf8'));
      return { stdout, figures, markdown: readFileSync(markdown, 'utf8'), svg: readFileSync(svg, 'utf8') };
    };
    const first = run('first');
    expect(first.figures).toMatchObject({
      checked: true,
      seeded: true,
      routers: 6,
      worlds: 2,
      inputs: [{ name: 'outcomes', keys: 4 }],
    });
    const [oracle] = first.figures.inputs[0].policies;
    expect(oracle).toMatchObject({ knows: 'oracle', regret: { mean: 0, standardError: 0 } });
    expect(first.markdown).toContain(first.stdout.trim());
    expect(first.svg).toMatch(/^<svg /);
    expect(run('second')).toEqual(first);
  });

  it.each([
    ['a bad row', [header, ...rows, 'p99,t0,m1,NaN,1,1,1'], 'line 42 of the input: score'],
    ['no rows', [header], 'the input has no rows'],
    ['nothing', [''], 'the input is empty'],
  ])('refuses %s with status 2 and says where', (_, lines, message) => {
    expect(replay(file('bad.csv', lines))).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining(`bad: ${message}`),
    });
  });

  it('refuses a file that is not there, and explains itself', () => {
    expect(replay(join(folder, 'nowhere.csv'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('nowhere.csv'),
    });
    expect(replay('x', '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--success-worth') });
  });
});
