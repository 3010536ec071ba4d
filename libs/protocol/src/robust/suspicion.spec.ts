import { uniform } from '@secagg/testbed/random';
import { evolveSuspicion, noSuspicion, suspects, type SuspicionEvent, type SuspicionState } from './suspicion';

const random = uniform(4);
const name = (i: number): string => `r${i}`;

/** Routers in random groups; a group is flagged when it has a liar that lies this time, or by false alarm. */
function round(
  number: number,
  routers: number,
  groups: number,
  liars: ReadonlyMap<string, number>,
  falseAlarms: number,
): SuspicionEvent {
  const members = Array.from({ length: groups }, (): string[] => []);
  for (let i = 0; i < routers; i++) members[Math.floor(groups * random())].push(name(i));
  return {
    type: 'groups-scored',
    round: number,
    groups: members.map((of) => ({
      routers: of,
      flagged: random() < falseAlarms || of.some((router) => random() < (liars.get(router) ?? 0)),
    })),
  };
}

function after(
  rounds: number,
  liars: ReadonlyMap<string, number>,
  falseAlarms: number,
  look?: (state: SuspicionState) => void,
): SuspicionState {
  let state = noSuspicion();
  for (let i = 1; i <= rounds; i++) {
    state = evolveSuspicion(state, round(i, 55, 11, liars, falseAlarms));
    look?.(state);
  }
  return state;
}

const names = (state: SuspicionState): string[] =>
  suspects(state)
    .map(({ router }) => router)
    .sort();

it('names those who always lie within 30 rounds, and nobody else', () => {
  const liars = new Map([3, 14, 25, 36, 47].map((i) => [name(i), 1]));
  for (let trial = 0; trial < 20; trial++) expect(names(after(30, liars, 0.03))).toEqual([...liars.keys()].sort());
});

it('names those who lie every other time, later', () => {
  const liars = new Map([[name(7), 0.5]]);
  expect(names(after(200, liars, 0.03))).toEqual([name(7)]);
});

it('hardly ever names an honest router, though it is asked after every round', () => {
  let named = 0;
  for (let trial = 0; trial < 150; trial++) {
    let ever = false;
    const liars = new Map([
      [name(1), 1],
      [name(2), 1],
    ]);
    after(60, liars, 0.05, (state) => {
      ever ||= suspects(state).some(({ router }) => !liars.has(router));
    });
    named += Number(ever);
  }
  // 1.5 are allowed for on average; the bounds are far from tight.
  expect(named).toBeLessThanOrEqual(3);
});

it('counts rounds, flags and what anybody could expect, without changing the state it was given', () => {
  const before = noSuspicion();
  const event: SuspicionEvent = {
    type: 'groups-scored',
    round: 1,
    groups: [
      { flagged: true, routers: ['a'] },
      { flagged: false, routers: ['b', 'c', 'd'] },
    ],
  };
  const state = evolveSuspicion(evolveSuspicion(before, event), {
    ...event,
    round: 2,
    groups: [{ flagged: false, routers: ['a', 'b'] }],
  });
  expect(before).toEqual({ rounds: 0, routers: {} });
  expect(state.routers).toEqual({
    a: { rounds: 2, flagged: 1, expected: 0.25 },
    b: { rounds: 2, flagged: 0, expected: 0.25 },
    c: { rounds: 1, flagged: 0, expected: 0.25 },
    d: { rounds: 1, flagged: 0, expected: 0.25 },
  });
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});

it('says nothing before the minimum of rounds, nor when all groups are flagged', () => {
  const always: SuspicionEvent = {
    type: 'groups-scored',
    round: 1,
    groups: [
      { flagged: true, routers: ['liar'] },
      { flagged: false, routers: Array.from({ length: 50 }, (_, i) => name(i)) },
    ],
  };
  let state = noSuspicion();
  for (let i = 0; i < 9; i++) state = evolveSuspicion(state, always);
  expect(suspects(state)).toEqual([]);
  expect(suspects(state, { minRounds: 5 }).map(({ router }) => router)).toEqual(['liar']);
  let all = noSuspicion();
  for (let i = 0; i < 50; i++)
    all = evolveSuspicion(all, { ...always, groups: always.groups.map((group) => ({ ...group, flagged: true })) });
  expect(suspects(all)).toEqual([]);
});

it('takes any id for a router', () => {
  const { routers } = evolveSuspicion(noSuspicion(), {
    type: 'groups-scored',
    round: 1,
    groups: [{ flagged: true, routers: ['constructor', 'a'] }],
  });
  expect(routers.constructor).toEqual({ rounds: 1, flagged: 1, expected: 1 });
});

it('a round without opened groups is no evidence', () => {
  expect(evolveSuspicion(noSuspicion(), { type: 'groups-scored', round: 1, groups: [] })).toEqual(noSuspicion());
});
