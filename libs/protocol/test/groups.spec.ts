/** Several groups: summed and opened separately, small ones left out, none of them chosen by anybody. */
import { type PartyId } from '@secagg/schema';
import { groupOf, LocalFleet, type LocalRouter, roundCost } from '../src';
import { drawGroups, inGroups, now, quietFleet, random, Scenario } from './support/scenario';

const full = (groups: LocalRouter[][]): LocalRouter[][] => groups.filter((group) => group.length >= 3);

it.each([2, 3, 5])('with %i groups of one router or more, each opens its own sum', (groups) => {
  const fleet = quietFleet(3, 2, 12);
  const scenario = drawGroups(
    () => new Scenario(fleet, { groups, minParticipantsPerGroup: 1 }),
    (drawn) => drawn.every((group) => group.length > 0),
  );
  scenario.contribute().finish().expectExactly(fleet.routers);
  expect(scenario.audit().set.groups).toHaveLength(groups);
});

it('a group below the minimum is left out and listed, its routers get their data back, the others are opened', () => {
  const fleet = quietFleet(4, 2, 9);
  const scenario = drawGroups(
    () => new Scenario(fleet, { groups: 3, minParticipantsPerGroup: 3 }),
    (groups) => full(groups).length === 2,
  );
  const groups = inGroups(scenario, fleet.routers);
  const kept = full(groups).flat();
  const small = fleet.routers.filter((router) => !kept.includes(router));
  scenario.contribute().finish().expectExactly(kept);
  expect(scenario.audit().set.excluded).toEqual(
    small.map((router) => ({ router: router.identity.id, reason: 'group_too_small' })),
  );
  for (const router of small)
    expect(router.settle(fleet.coordinator, scenario.key, now)).toMatchObject({
      outcome: 'left_out',
      receiptNotHonoured: false,
    });
  expect(kept[0].settle(fleet.coordinator, scenario.key, now)?.outcome).toBe('included');
});

it('with half of the groups or fewer left, the round is aborted', () => {
  const fleet = quietFleet(4, 2, 9);
  const scenario = drawGroups(
    () => new Scenario(fleet, { groups: 3, minParticipantsPerGroup: 3 }),
    (groups) => full(groups).length > 0,
  );
  scenario.contribute(full(inGroups(scenario, fleet.routers))[0]).finish();
  expect(scenario.round.decision?.body).toMatchObject({ kind: 'abort', reason: 'insufficient_participants' });
});

it('a round costs what its smallest group costs, however many there are', () => {
  const fleet = new LocalFleet({ routers: 12, committee: { size: 3, threshold: 2 }, random, nowMs: now });
  const noise = {
    privacy: { unit: 'request', rho: 0.5, assumedColluders: 1, deltaInverse: 1_000_000 },
    groups: 2,
    minParticipantsPerGroup: 3,
  } as const;
  const scenario = drawGroups(
    () => new Scenario(fleet, noise),
    (groups) => full(groups).length === 2,
  );
  scenario.contribute().finish();
  const sizes = inGroups(scenario, fleet.routers).map((group) => group.length);
  expect(scenario.audit().cost).toEqual(roundCost(scenario.config, [Math.min(...sizes)]));
  // N honest shares cost h/N of what the minimum h was charged for.
  expect(scenario.audit().cost.rho).toBeCloseTo((0.5 * 2) / (Math.min(...sizes) - 1), 6);
});

it('spreads routers evenly, anew in every round and epoch', () => {
  const config = { cluster: 'ab'.repeat(32) as never, round: 1 as never, groups: 5, epoch_hash: new Uint8Array(32) };
  const ids = Array.from({ length: 5000 }, (_, i) => `router-${i}` as PartyId);
  const groups = ids.map((id) => groupOf(config, id));
  const counts = [0, 1, 2, 3, 4].map((group) => groups.filter((other) => other === group).length);
  // Five standard deviations of a binomial(5000, 1/5).
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(800));
  for (const other of [
    { ...config, round: 2 as never },
    { ...config, epoch_hash: new Uint8Array(32).fill(1) },
  ]) {
    const same = ids.filter((id, i) => groupOf(other, id) === groups[i]).length;
    expect(Math.abs(same - 1000)).toBeLessThan(5 * Math.sqrt(800));
  }
});
