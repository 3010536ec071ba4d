/**
 * The table of all settings in docs/operations.md, as the programs themselves list them: node tools/run.mjs settings
 * [--check] Without --check it is written; with it, a table that is not up to date is told of with exit status 1.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';

const { check } = new Command('settings')
  .description('Writes the table of all settings in docs/operations.md, as the programs themselves list them.')
  .option('--check', 'only compare; exit status 1 when it is not up to date', false)
  .allowExcessArguments(false)
  .showHelpAfterError('(--help for the options)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts();

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const document = join(root, 'docs/operations.md');
const begin = '<!-- settings: written by npm run settings -->';
const end = '<!-- end of settings -->';
const programs = [
  { name: 'coordinator', command: ['dist/apps/coordinator/main.js', '--settings'] },
  { name: 'router-node', command: ['dist/apps/router-node/main.js', '--settings'] },
  { name: 'secagg', command: ['dist/tools/cli/main.js', 'settings'] },
];

function rowsOf({ name, command }) {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    env: { PATH: process.env.PATH ?? '' },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return JSON.parse(stdout).map((row) => ({ ...row, programs: [name] }));
}

/** Rows that are the same but for the program become one. */
function merged(rows) {
  const found = new Map();
  for (const {
    programs: [program],
    ...row
  } of rows) {
    const key = JSON.stringify(row);
    const same = found.get(key) ?? { ...row, programs: [] };
    same.programs.push(program);
    found.set(key, same);
  }
  return [...found.values()];
}

const cell = (text) => text.replaceAll('|', '\\|');
const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;

function table() {
  const rows = merged(programs.flatMap(rowsOf)).sort((a, b) => (a.variable || '~').localeCompare(b.variable || '~'));
  return [
    line(['variable', 'field', 'read by', 'values', 'default', '']),
    line(Array(6).fill('---')),
    ...rows.map((row) =>
      line([row.variable, row.field, row.programs.join(', '), row.values, row.default, row.description]),
    ),
  ].join('\n');
}

const text = readFileSync(document, 'utf8');
const [from, to] = [text.indexOf(begin), text.indexOf(end)];
if (from < 0 || to < from) throw new Error(`${document} has no place for the table`);
const wanted = `${text.slice(0, from + begin.length)}\n\n${table()}\n\n${text.slice(to)}`;
if (!check) writeFileSync(document, wanted);
else if (wanted !== text) {
  console.error('The table of settings in docs/operations.md is not up to date: npm run settings');
  process.exitCode = 1;
}
