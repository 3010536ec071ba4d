/**
 * Every variable of every program is in docs/operations.md as the program itself lists it, and the sources know no
 * others.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const workspace = join(__dirname, '../../..');
const run = (script: string, args: string[], environment: Record<string, string> = {}) =>
  spawnSync(process.execPath, [join(workspace, script), ...args], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    encoding: 'utf8',
  });
const rowsOf = (script: string, ...args: string[]) =>
  JSON.parse(run(script, args).stdout) as { variable: string; field: string; description: string }[];

const apps = ['coordinator', 'router-node'].map((app) => `dist/apps/${app}/main.js`);
const cli = 'dist/tools/cli/main.js';
const rows = [...apps.flatMap((app) => rowsOf(app, '--settings')), ...rowsOf(cli, 'settings')];
const documentation = readFileSync(join(workspace, 'docs/operations.md'), 'utf8');

it('the table is what the programs list', () => {
  const { status, stderr } = run('tools/settings-table.mjs', ['--check']);
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

it('every setting is explained, and named by the scheme', () => {
  for (const { variable, field, description } of rows) {
    expect({ variable, field, description }).toEqual({ variable, field, description: expect.stringMatching(/\w{3}/) });
    if (field !== '' && variable !== '' && variable !== 'DATABASE_URL')
      expect(variable).toBe(`SECAGG_${field.replace(/\./g, '_').replace(/[A-Z]/g, (c) => `_${c}`)}`.toUpperCase());
  }
});

function sources(folder: string): string[] {
  return readdirSync(join(workspace, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'test' || entry.name === 'node_modules' ? [] : sources(path);
    return /(?<!\.spec)\.(ts|mjs)$/.test(entry.name) ? [path] : [];
  });
}

it('no source and no document names a variable that is not in the table', () => {
  const known = new Set(rows.map(({ variable }) => variable));
  const found = ['apps', 'libs', 'tools']
    .flatMap(sources)
    .concat('README.md', 'docs/operations.md', 'docs/protocol.md');
  const named = found.flatMap((path) =>
    [...readFileSync(join(workspace, path), 'utf8').matchAll(/\bSECAGG_[A-Z][A-Z_]*[A-Z]\b/g)].map(([name]) => ({
      path,
      name,
    })),
  );
  expect(named.length).toBeGreaterThan(20);
  const examples = /SECAGG_(COORDINATOR_)?(SERVICE_HOST|SERVICE_PORT|PORT)\b|_TCP_ADDR$|SECAGG_COORDINATOR_PORT/;
  expect(named.filter(({ name }) => !known.has(name) && !examples.test(name))).toEqual([]);
  expect(documentation).toContain('SECAGG_CONFIG');
});

it.each(apps)('%s --help names them all, and what it does not understand ends with 64', (app) => {
  const { stdout, status } = run(app, ['--help']);
  expect(status).toBe(0);
  for (const { variable } of rowsOf(app, '--settings')) expect(stdout).toContain(variable);
  for (const args of [['--chek-config'], ['start']]) {
    const refused = run(app, args);
    expect([refused.status, refused.stderr.trim().split('\n').length]).toEqual([64, 1]);
  }
});

it('the CLI is not disturbed by the variables of services on the same machine', () => {
  const environment = Object.fromEntries(
    apps.flatMap((app) => rowsOf(app, '--settings')).map(({ variable }) => [variable || 'SECAGG_ID', 'x']),
  );
  environment.SECAGG_GROUP_ACCESS = 'true';
  const { stderr } = run(cli, ['backup', '--postgres', 'nowhere'], environment);
  expect(stderr).toBe('secagg: DATABASE_URL is no postgres:// URL\n');
});

it('the CLI refuses what looks like a variable of its own', () => {
  const { stderr, status } = run(cli, ['backup', '--postgres', 'nowhere'], { SECAGG_STORE_KEYFILE: '/k' });
  expect(stderr).toBe('secagg: SECAGG_STORE_KEYFILE: there is no such variable (do you mean SECAGG_STORE_KEY_FILE?)\n');
  expect(status).toBe(1);
});
