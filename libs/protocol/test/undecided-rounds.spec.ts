/** Rounds that nobody shows an outcome of. */
import { settleUndecided } from '../src';
import { now, quietFleet, Scenario } from './support/scenario';

const DAY_MS = 86_400_000;

it('a router gives one up a day after the end of its epoch, and takes an outcome that is shown after all', () => {
  const fleet = quietFleet(1, 1, 3);
  const scenario = new Scenario(fleet).contribute();
  const [router] = fleet.routers;
  const { key } = scenario;
  const end = scenario.round.round.epoch.epoch.not_after_ms;
  const events = (atMs: number) => settleUndecided(router.state, key, atMs).events;
  expect([events(now), events(end + DAY_MS)]).toEqual([[], []]);
  router.commit(settleUndecided(router.state, key, end + DAY_MS + 1));
  expect(router.state.participations.get(key)).toMatchObject({ outcome: 'undecided' });
  expect(router.state.participations.get(key)).not.toHaveProperty('bytes');
  expect(events(end + 2 * DAY_MS)).toEqual([]);

  scenario.finish();
  expect(router.settle(fleet.coordinator, key, now)?.outcome).toBe('included');
  expect(router.state.participations.get(key)?.outcome).toBe('included');
});
