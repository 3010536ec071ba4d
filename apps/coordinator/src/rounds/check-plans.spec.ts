import { type ClusterPolicy, defaultFields } from '@secagg/schema';
import { LocalFleet } from '@secagg/protocol';
import { randomBytes } from 'node:crypto';
import { refusedPlans } from './check-plans';
import { type ClusterPlan } from './start-round';

const policyOf = (cluster: Partial<ClusterPolicy> = {}) =>
  new LocalFleet({
    routers: 7,
    committee: { size: 7, threshold: 3 },
    random: (length) => new Uint8Array(randomBytes(length)),
    nowMs: Date.UTC(2026, 0, 1),
    cluster,
  });
const planOf = (privacy: Partial<ClusterPlan['privacy']> = {}, minParticipantsPerGroup = 5): ClusterPlan => ({
  cluster: policyOf().cluster,
  keys: ['m:a'],
  fields: defaultFields(),
  maxRequestsPerRouter: 10,
  minParticipantsPerGroup,
  maxParticipants: 7,
  groups: 1,
  privacy: { unit: 'request', rho: 1, deltaInverse: 1_000_000, ...privacy },
  sendDelayMs: 0,
  durationMs: 1000,
});
const { policy } = policyOf().view;

it('has nothing to say where the policy decides, or enough colluders are assumed', () => {
  expect(refusedPlans(policy, [planOf(), planOf({ assumedColluders: 3 })])).toEqual([]);
});

it('names a plan that assumes fewer colluders than members that may be corrupt routers, or than the policy says', () => {
  expect(refusedPlans(policy, [planOf({ assumedColluders: 1 })])).toEqual([expect.stringContaining('asks for 2')]);
  const { policy: stricter } = policyOf({ min_assumed_colluders: 4 }).view;
  expect(refusedPlans(stricter, [planOf({ assumedColluders: 3 })])).toEqual([expect.stringContaining('asks for 4')]);
});

it('names a plan that leaves no honest router in a group', () => {
  expect(refusedPlans(policy, [planOf({}, 2)])).toEqual([expect.stringContaining('2 of 2 participants')]);
});

it('leaves rounds without noise alone, which claim nothing', () => {
  expect(refusedPlans(policy, [planOf({ rho: 'unsafe-none', assumedColluders: 0 }, 2)])).toEqual([]);
});
