/** A cluster has one open round, unless it is asked for another one by name. */
import { announceRound, type RoundPlan } from '../src';
import { codeOf, now, plan, quietFleet } from './support/scenario';

const start = () => {
  const fleet = quietFleet(1, 1, 3);
  fleet.startEpoch(now);
  const { coordinator, cluster } = fleet;
  const { state, context } = coordinator;
  const announce = (nowMs: number, beside?: boolean, of: RoundPlan['cluster'] = cluster) =>
    coordinator.commit(announceRound(state, context, { ...plan, cluster: of }, nowMs, beside));
  return { state, coordinator, announce };
};

it('refuses a second one, with the number of the first, and announces nothing', () => {
  const { state, announce } = start();
  announce(now);
  const before = coordinatorFacts(state);
  expect(() => announce(now + 1)).toThrow(
    expect.objectContaining({ code: 'round_open', details: { round: 1, deadline: '2026-01-01T00:00:01.000Z' } }),
  );
  expect(coordinatorFacts(state)).toEqual(before);
});

it('announces it beside the first where that is asked for, and the next one once neither takes contributions', () => {
  const { state, coordinator, announce } = start();
  announce(now);
  announce(now + 500, true);
  expect([...state.rounds.values()].map(({ phase }) => phase)).toEqual(['collecting', 'collecting']);
  coordinator.tick(now + 1200);
  expect(codeOf(() => announce(now + 1200))).toBe('round_open');
  coordinator.tick(now + 1600);
  expect(codeOf(() => announce(now + 1600))).toBeUndefined();
});

it('is judged for each cluster by itself', () => {
  const { announce } = start();
  announce(now);
  // Another cluster gets as far as the policy, which lacks it.
  expect(codeOf(() => announce(now, false, 'c0ffee00c0ffee00' as RoundPlan['cluster']))).toBe('policy');
});

const coordinatorFacts = ({ rounds, latestRound }: ReturnType<typeof start>['state']) => ({
  rounds: [...rounds.keys()],
  latest: [...latestRound],
});
