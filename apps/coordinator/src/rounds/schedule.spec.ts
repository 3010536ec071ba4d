import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { epsilonToRho, rhoToBudgetUnits } from '@secagg/dp-noise';
import { LocalFleet } from '@secagg/protocol';
import { type ClusterPolicy, defaultFields } from '@secagg/schema';
import { configSchema } from '../config/schema';
import { scheduleWarnings } from './schedule';
import { type ClusterPlan } from './start-round';
import { type Trigger } from './triggers';

const rho = (epsilon: number) => epsilonToRho(epsilon, 1e-6);
const every = (everyMs: number): Trigger => ({ kind: 'interval', everyMs, maxSkippedIntervals: 3, spreadBudget: true });
const hourly = every(3_600_000);
const half: ClusterPlan['privacy'] = { unit: 'request', rho: rho(0.5), assumedColluders: 1, deltaInverse: 1_000_000 };

/** Of a policy of epsilon 8 in 30 days. */
function warnings(
  privacy: Partial<ClusterPlan['privacy']>,
  {
    trigger = hourly,
    policy = {},
    least = 4,
  }: { trigger?: Trigger; policy?: Partial<ClusterPolicy>; least?: number } = {},
): string[] {
  const { view, cluster } = new LocalFleet({
    routers: 5,
    committee: { size: 1, threshold: 1 },
    random: randomBytes,
    nowMs: Date.UTC(2026, 0, 1),
    cluster: { budget_rho_units: rhoToBudgetUnits(rho(8)), privacy_units: ['request'], ...policy },
  });
  const plan: ClusterPlan = {
    cluster,
    keys: ['m:a', 'm:b'],
    fields: defaultFields(),
    maxRequestsPerRouter: 100,
    minParticipantsPerGroup: least,
    maxParticipants: 100,
    groups: 1,
    privacy: { ...half, ...privacy },
    sendDelayMs: 0,
    durationMs: 1000,
  };
  return scheduleWarnings(view, { plan, trigger });
}

it('says when the budget does not last for the interval, and what would fit', () => {
  const [text, ...others] = warnings({});
  expect(text).toContain('it has room for 158 of 744 rounds');
  expect(text).toContain('`event`');
  expect(others).toEqual([]);
  expect(warnings({ rho: { kind: 'fixed', units: rhoToBudgetUnits(rho(0.5)) } })).toEqual([text]);
});

it.each<[string, Parameters<typeof warnings>]>([
  ['rounds that an operator starts', [{}, { trigger: { kind: 'manual' } }]],
  ['a longer interval', [{}, { trigger: every(5 * 3_600_000) }]],
  ['a smaller epsilon', [{ rho: rho(0.2) }]],
  ['rounds without noise', [{ rho: 'unsafe-none' }]],
  ['a horizon that is as long', [{ rho: { kind: 'horizon', rounds: 744 } }]],
  ['a decay', [{ rho: { kind: 'decay', numerator: 1, denominator: 100 } }]],
  ['a budget held to single requests', [{}, { policy: { budget_protects: 'event' } }]],
])('says nothing of %s', (_, args) => expect(warnings(...args)).toEqual([]));

it('says that as many routers as the trigger waits for may start more rounds than there is budget for', () =>
  expect(warnings({}, { trigger: { kind: 'waiting', routers: 4, atMostEveryMs: 0 } })).toEqual([
    expect.stringMatching(/^as often as its trigger may start one: .* room for 158 of/),
  ]));

it('says when a horizon is shorter than its window', () => {
  expect(warnings({ rho: { kind: 'horizon', rounds: 743 } })).toEqual([
    'the allocation `horizon` is for 743 rounds, and the schedule has 744 in the window: the next one is refused 31 days after the first',
  ]);
  expect(warnings({ rho: { kind: 'horizon', rounds: 48 } }, { policy: { budget_window_days: 0 } })).toEqual([
    expect.stringContaining('more, without end: the next one is refused 2 days after the first'),
  ]);
});

it('says that an allocation has nothing to spread where the budget is held to single requests', () =>
  expect(warnings({ rho: { kind: 'horizon', rounds: 744 } }, { policy: { budget_protects: 'event' } })).toEqual([
    expect.stringContaining('nothing for the allocation `horizon` to spread'),
  ]));

it('says when there are too few routers for the minimum, or no honest one in it', () => {
  expect(warnings({ rho: rho(0.2) }, { least: 6 })).toEqual([
    'a round needs 6 routers, and the cluster has 5: none would be opened',
  ]);
  expect(warnings({ rho: rho(0.2) }, { least: 2, policy: { members: ['router-0', 'stranger'] as never } })).toEqual([
    'a round needs 2 routers, and the cluster has 1: none would be opened',
  ]);
  expect(warnings({ assumedColluders: 4 })).toEqual([expect.stringContaining('no round can be planned')]);
});

it('says when a round costs more than there is', () =>
  expect(warnings({ rho: rho(9) })).toEqual([expect.stringContaining('every round is refused')]));

it('finds nothing in the sample of docs/operations.md, beside the policy that is made there', () => {
  const text = readFileSync(join(__dirname, '../../../../docs/operations.md'), 'utf8');
  expect(text).toMatch(/fleet init demo [^]*?--epsilon 1 --budget-epsilon 8 --budget-days 30 /);
  const sample = /^ {4}\{\n {6}"dataDir"[^]*?^ {4}\}$/m.exec(text)?.[0] ?? '';
  const cluster = 'ab'.repeat(32);
  const [{ plan, trigger }] = configSchema.parse(JSON.parse(sample.replace('<hash>', cluster))).clusters;
  expect(trigger.kind).toBe('interval');
  expect(warnings(plan.privacy, { trigger, least: plan.minParticipantsPerGroup })).toEqual([]);
});
