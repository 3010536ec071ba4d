/** Rounds that nobody shows an outcome of. */
import { chargeEndMs, settleUndecided, worstCaseUnits } from '../src';
import { now, plan, quietFleet, Scenario } from './support/scenario';

const DAY_MS = 86_400_000;

it('a router gives one up a day after the end of its epoch, and takes an outcome that is shown after all', () => {
  const fleet = quietFleet(1, 1, 3);
  const scenario = new Scenario(fleet).contribute();
  const [router] = fleet.routers;
  const { key } = scenario;
  const end = scenario.round.verified.epoch.body.not_after_ms;
  const events = (atMs: number) => settleUndecided(router.state, key, atMs).events;
  expect([events(now), events(end + DAY_MS)]).toEqual([[], []]);
  expect(router.commit(settleUndecided(router.state, key, end + DAY_MS + 1))).toBe(0);
  expect(router.state.participations.get(key)).toMatchObject({ outcome: 'undecided' });
  expect(router.state.participations.get(key)).not.toHaveProperty('bytes');
  expect(events(end + 2 * DAY_MS)).toEqual([]);

  scenario.finish();
  expect(router.settle(fleet.coordinator, key, now)?.outcome).toBe('included');
  expect(router.state.participations.get(key)?.outcome).toBe('included');
});

it('it says what such a round stays charged, which its observations carry on', () => {
  const fleet = quietFleet(1, 1, 3, { limits: { budget: { units: 2 ** 50, window: { days: 30 } } } });
  const scenario = new Scenario(fleet, { privacy: { ...plan.privacy, rho: 0.1 } }).contribute();
  const [router] = fleet.routers;
  const over = chargeEndMs(scenario.round.verified.epoch.body) + 1;
  const { reply, events } = settleUndecided(router.state, scenario.key, over);
  expect(events).toHaveLength(1);
  expect(reply).toBe(worstCaseUnits(scenario.config));
  expect([...router.state.ledger.open.values()]).toMatchObject([{ units: reply }]);
});
