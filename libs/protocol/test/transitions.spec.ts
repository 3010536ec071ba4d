/** The tables of transitions are those of docs/protocol.md, "States", and no role makes another one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SecaggError } from '@secagg/schema';
import { coordinatorRole, memberRole, type MemberEvent, routerRole, type Transitions } from '../src';
import { quietFleet, Scenario } from './support/scenario';

const newFleet = () => quietFleet(4, 2, 5);
const fleet = newFleet();
const { publicKey } = fleet.authority;

/** `from -> to` of every row of every table under the heading, table by table. */
function documented(): string[][] {
  const text = readFileSync(join(__dirname, '../../../docs/protocol.md'), 'utf8');
  const [, section] = /\n## 16\. States\n([\s\S]*?)\n### /.exec(text) ?? [];
  return section
    .split('| from | to | when |\n|---|---|---|\n')
    .slice(1)
    .map((table) =>
      table
        .split('\n\n', 1)[0]
        .split('\n')
        .flatMap((row) => {
          const [, froms, tos] = row.split('|').map((cell) => cell.trim().split(', '));
          return froms.flatMap((from) => tos.map((to) => `${from} -> ${to}`));
        })
        .sort(),
    );
}

const listed = (transitions: Transitions): string[] =>
  Object.entries(transitions)
    .flatMap(([from, tos]) => tos.map((to) => `${from} -> ${to}`))
    .sort();

it('are as documented', () => {
  const tables = [
    coordinatorRole(publicKey).transitions.round,
    memberRole(publicKey).transitions.round,
    memberRole(publicKey).transitions.seat,
    routerRole(publicKey).transitions.participation,
  ];
  expect(documented().map((rows) => [...new Set(rows)])).toEqual(tables.map(listed));
});

const thrownBy = (act: () => unknown): Pick<SecaggError, 'code' | 'details'> => {
  try {
    act();
  } catch (error) {
    return error as SecaggError;
  }
  throw new Error('nothing was thrown');
};

describe('an event that makes another transition is refused by name', () => {
  it('at the coordinator', () => {
    const scenario = new Scenario(newFleet());
    const { state } = scenario.fleet.coordinator;
    const role = coordinatorRole(scenario.fleet.authority.publicKey);
    const { key } = scenario;
    const refused = thrownBy(() => role.evolve(state, { type: 'round-published', key, sums: [] }));
    expect(refused).toMatchObject({ code: 'internal', details: { transition: 'collecting -> published' } });
    expect(state.rounds.get(key)?.phase).toBe('collecting');
  });

  it('at a router', () => {
    const scenario = new Scenario(newFleet());
    const [router] = scenario.fleet.routers;
    scenario.contribute([router]);
    const role = routerRole(scenario.fleet.authority.publicKey);
    role.evolve(router.state, { type: 'round-settled', key: scenario.key, outcome: 'undecided' });
    role.evolve(router.state, { type: 'round-settled', key: scenario.key, outcome: 'aborted' });
    const refused = thrownBy(() =>
      role.evolve(router.state, { type: 'round-settled', key: scenario.key, outcome: 'included' }),
    );
    expect(refused).toMatchObject({ code: 'internal', details: { transition: 'aborted -> included' } });
    expect(router.state.participations.get(scenario.key)?.outcome).toBe('aborted');
  });

  it('at a member', () => {
    const role = memberRole(publicKey);
    const state = role.begin({ type: 'fleet-updated', documents: fleet.view.documents });
    const signing: MemberEvent = { type: 'epoch-body-signed', epoch: 1, body: new Uint8Array(1) };
    expect(thrownBy(() => role.evolve(state, signing))).toMatchObject({
      code: 'internal',
      details: { transition: 'nothing -> signed' },
    });
  });
});
