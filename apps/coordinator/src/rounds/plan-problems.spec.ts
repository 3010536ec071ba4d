import { rhoToBudgetUnits } from '@secagg/dp-noise';
import { LocalFleet } from '@secagg/protocol';
import { type ClusterHash, type ClusterPolicy, defaultFields } from '@secagg/schema';
import { randomBytes } from 'node:crypto';
import { planProblems, planProblemText, refuseProblem } from './plan-problems';
import { type ClusterPlan } from './start-round';

const fleetOf = (cluster: Partial<ClusterPolicy> = {}) =>
  new LocalFleet({
    routers: 7,
    committee: { size: 7, threshold: 3 },
    random: (length) => new Uint8Array(randomBytes(length)),
    nowMs: Date.UTC(2026, 0, 1),
    cluster: { unsafe_no_noise: false, ...cluster },
  });
const fleet = fleetOf();
const planOf = (changes: Partial<ClusterPlan> = {}, privacy: Partial<ClusterPlan['privacy']> = {}): ClusterPlan => ({
  cluster: fleet.cluster,
  keys: ['m:a'],
  fields: defaultFields(),
  maxRequestsPerRouter: 10,
  minParticipantsPerGroup: 5,
  maxParticipants: 7,
  groups: 1,
  sendDelayMs: 0,
  durationMs: 1000,
  ...changes,
  privacy: { unit: 'request', rho: 0.001, deltaInverse: 1_000_000, ...privacy },
});
const texts = (policy: Partial<ClusterPolicy>, plan: ClusterPlan) =>
  planProblems(fleetOf(policy).view, { ...plan, cluster: fleetOf(policy).cluster }).map(planProblemText);

it('has nothing to say where the plan fits, or enough colluders are assumed', () => {
  for (const plan of [planOf(), planOf({}, { assumedColluders: 3 })]) expect(texts({}, plan)).toEqual([]);
  expect(
    texts(
      { unsafe_no_noise: true, min_assumed_colluders: 0 },
      planOf({ minParticipantsPerGroup: 3 }, { rho: 'unsafe-none', assumedColluders: 0 }),
    ),
  ).toEqual([]);
});

it.each<[string, Partial<ClusterPolicy>, ClusterPlan]>([
  [
    'minParticipantsPerGroup: 5: the policy (version 1) asks for at least 6',
    { min_participants_per_group: 6 },
    planOf(),
  ],
  ['groups: 2: the policy (version 1) allows at most 1', { max_groups: 1 }, planOf({ groups: 2 })],
  ['privacy.unit: request: the policy (version 1) allows router', { privacy_units: ['router'] }, planOf()],
  [
    'privacy.deltaInverse: 1000000: the policy (version 1) asks for at least 10000000',
    { min_delta_inverse: 10_000_000 },
    planOf(),
  ],
  [
    'privacy.rho: unsafe-none: the policy (version 1) allows no rounds without noise',
    {},
    planOf({}, { rho: 'unsafe-none' }),
  ],
  ['privacy.assumedColluders: 1: ', {}, planOf({}, { assumedColluders: 1 })],
  ['privacy.assumedColluders: 3: ', { min_assumed_colluders: 4 }, planOf({}, { assumedColluders: 3 })],
  ['minParticipantsPerGroup: 5: 5 of them are assumed to collude', { min_assumed_colluders: 5 }, planOf()],
  ['durationMs: ', {}, planOf({ durationMs: 400 * 86_400_000 })],
  ['privacy.epsilon: a round would cost epsilon', { max_round_rho_units: 2 ** 20 }, planOf({}, { givenAs: 'epsilon' })],
  [
    'privacy.allocation.rho: a round would cost epsilon',
    { max_round_rho_units: 2 ** 20 },
    planOf({}, { rho: { kind: 'fixed', units: rhoToBudgetUnits(0.001) }, givenAs: 'allocation.rho' }),
  ],
])('names the field, its value and the bound: %s', (start, policy, plan) => {
  expect(texts(policy, plan)).toEqual([expect.stringContaining(start)]);
  const { view, cluster } = fleetOf(policy);
  expect(() => refuseProblem(view, { ...plan, cluster })).toThrow(start);
});

it('leaves what follows from the ledger to the ledger, and names a cluster that the policy does not have', () => {
  const horizon = planOf({}, { rho: { kind: 'horizon', rounds: 10 } });
  expect(texts({ max_round_rho_units: 2 ** 20 }, horizon)).toEqual([]);
  const unknown = 'f'.repeat(64) as ClusterHash;
  expect(planProblems(fleet.view, planOf({ cluster: unknown }))).toMatchObject([{ field: 'cluster' }]);
});
