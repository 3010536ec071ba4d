/**
 * Every state and code that a person can meet is in docs/operations.md, and nothing else is; and its example of an
 * observation is one.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { routerNodeStatusSchema } from '@secagg/client';
import { createMetrics } from '@secagg/metrics';
import {
  abortReason,
  coordinatorReasons,
  parseObservation,
  problems,
  RewardObservation,
  roundPhase,
  routerNodeReasons,
} from '@secagg/schema';

const page = readFileSync(resolve(__dirname, '../../../docs/operations.md'), 'utf8');

/** Codes in the first column of the first table under a heading whose head begins with this word. */
function codesOf(heading: string, column: string): { codes: string[]; rows: string[][] } {
  const section = page.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`there is no section ${heading}`);
  const lines = section.split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${column} |`));
  if (head < 0) throw new Error(`there is no table of ${column}`);
  const end = lines.findIndex((line, at) => at > head && !line.startsWith('|'));
  const rows = lines.slice(head + 2, end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
  return { codes: rows.flatMap(([first]) => [...first.matchAll(/`([\w-]+)`/g)].map(([, code]) => code)), rows };
}

const states = routerNodeStatusSchema.shape.participations.element.shape.state.options;
it.each<[string, string, string, readonly string[]]>([
  [
    'reasons of readiness',
    'Readiness and what to do',
    'reason',
    [...new Set([...coordinatorReasons, ...routerNodeReasons])],
  ],
  ['phases of a round', 'Phases of a round', 'phase', roundPhase.options],
  ['reasons of an abort', 'Phases of a round', 'reason of an abort', abortReason.options],
  ["states of a router's part", "A router's part in a round", 'state', states],
  ['codes of refusals', 'Codes of refusals', 'code', Object.keys(problems)],
  ['fields of an observation', 'Observations', 'field', Object.keys(RewardObservation.shape)],
])('the table of %s is complete, and each row says what to do', (_what, heading, column, wanted) => {
  const { codes, rows } = codesOf(heading, column);
  expect([...codes].sort()).toEqual([...wanted].sort());
  for (const row of rows) expect(row.every((cell) => cell.length > 0)).toBe(true);
});

it('says of each reason of readiness which service has it', () => {
  const { rows } = codesOf('Readiness and what to do', 'reason');
  const of = (...who: string[]) =>
    rows
      .filter(([, service]) => who.includes(service))
      .flatMap(([first]) => [...first.matchAll(/`(\w+)`/g)].map(([, code]) => code));
  expect(of('both', 'coordinator').sort()).toEqual([...coordinatorReasons].sort());
  expect(of('both', 'router').sort()).toEqual([...routerNodeReasons].sort());
});

it('shows an observation with every field', () => {
  const [, example] = /#### Observations[\s\S]*?```json\n([\s\S]*?)```/.exec(page) ?? [];
  const observation = parseObservation(JSON.parse(example));
  expect(Object.keys(observation).sort()).toEqual(Object.keys(RewardObservation.shape).sort());
});

it('lists every metric of both services, and no other', async () => {
  const texts = [
    await createMetrics({ app: 'coordinator', processMetrics: false }).exposition(),
    await createMetrics({ app: 'router-node', processMetrics: false }).exposition(),
  ];
  const names = texts.flatMap((text) => [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
  const table = page.split('\n## Metrics\n')[1].split('\n| metric | kind | meaning |\n')[1].split('\n\n')[0];
  const listed = table.split('\n').flatMap((row) => {
    const cell = row.split('|')[1];
    const [first] = cell.trim().split(/[{,]/);
    // `.._remaining_epsilon` stands for the name before it with another end.
    const written = cell.replace(/\.\._remaining/, `${first.replace(/_spent_epsilon$/, '')}_remaining`);
    return [...written.replace(/\{[^}]*\}/g, '').matchAll(/[a-z][a-z_]+/g)].map(([name]) => name);
  });
  expect([...new Set(listed.filter((name) => /_/.test(name)))].sort()).toEqual([...new Set(names)].sort());
});

it('shows what Kubernetes needs', () => {
  const section = page.split(/^### /m).find((text) => text.startsWith('Kubernetes\n')) ?? '';
  for (const word of ['fsGroup', '0440', 'SECAGG_GROUP_ACCESS=true', '/readyz/store']) expect(section).toContain(word);
});
