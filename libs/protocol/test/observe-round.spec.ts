/** What a router believes of rounds that it took no part in. */
import { observeRound, roundKey } from '../src';
import { distribute, nextDocuments } from './support/rosters';
import { codeOf, now, quietFleet, Scenario } from './support/scenario';

const HOUR_MS = 3_600_000;

function start() {
  const fleet = quietFleet(1, 1, 3);
  const [observer, ...others] = fleet.routers;
  const publish = (openMs = now) => new Scenario(fleet, {}, openMs).contribute(others).finish();
  const observe = (scenario: Scenario, { highestHeld = 0, nowMs = now + HOUR_MS } = {}) =>
    observeRound(observer.state, scenario.transcript, scenario.config, highestHeld, nowMs);
  const refusal = (scenario: Scenario, options?: Parameters<typeof observe>[1]) =>
    codeOf(() => observe(scenario, options));
  return { fleet, observer, publish, observe, refusal };
}

it('is a round under the newest documents, verified in full', () => {
  const { publish, observe, observer } = start();
  const scenario = publish();
  expect(observe(scenario)).toMatchObject({ kind: 'opened', round: { config: { round: 1 } } });
  const { transcript } = scenario;
  transcript.sums[0].words[0] ^= 1;
  expect(codeOf(() => observeRound(observer.state, transcript, scenario.config, 0, now))).toBe('recovery_failed');
});

it('is none of another round or cluster than was asked for', () => {
  const { publish, observer } = start();
  const { transcript, config } = publish();
  const asked = (change: object) =>
    codeOf(() => observeRound(observer.state, transcript, { ...config, ...change }, 0, now));
  expect([asked({}), asked({ round: 2 }), asked({ cluster: 'abcdef0123456789' })]).toEqual([
    undefined,
    'wrong_config',
    'wrong_config',
  ]);
});

it.each(['roster', 'policy'] as const)('is none under a %s that was withdrawn', (which) => {
  const { fleet, publish, refusal } = start();
  const scenario = publish();
  distribute(
    fleet,
    nextDocuments(fleet, which === 'roster' ? { revoke: ['coordinator'] } : { policy: () => ({ issued_at_ms: now }) }),
  );
  expect(refusal(scenario)).toBe('policy');
});

it('is none under documents that are not known here', () => {
  const { fleet, observer, publish, refusal } = start();
  const { view } = observer.state;
  publish();
  distribute(fleet, nextDocuments(fleet, {}));
  observer.state.view = view;
  expect(refusal(publish())).toBe('policy');
});

it('is none of the future, and none whose number is out of reach', () => {
  const { fleet, observer, publish, refusal } = start();
  expect(refusal(publish())).toBeUndefined();
  const { clock_tolerance_ms } = fleet.view.policy;
  const early = publish(now + 2 * clock_tolerance_ms);
  expect(refusal(early, { nowMs: now })).toBe('policy');
  expect(refusal(early, { nowMs: now + clock_tolerance_ms })).toBeUndefined();

  const { latestRound } = fleet.coordinator.state;
  const skipTo = (round: number) => latestRound.set(fleet.cluster, round - 1);
  skipTo(2 ** 32 + 1);
  for (const router of fleet.routers.slice(1)) router.state.highestRound.set(fleet.cluster, 2 ** 32);
  // The committee goes along with it.
  const [{ state }] = fleet.members;
  state.rounds.set(roundKey(fleet.cluster, 2 ** 32), { epoch: early.config.epoch });
  const far = publish();
  expect(refusal(far)).toBe('policy');
  expect(refusal(far, { highestHeld: 2 ** 32 - 2 ** 20 })).toBe('policy');
  expect(refusal(far, { highestHeld: 2 ** 32 })).toBeUndefined();
  observer.state.highestRound.set(fleet.cluster, 5);
  expect(refusal(far)).toBe('policy');
});

it('is none in an epoch before the newest this router has answered under', () => {
  const { observer, publish, refusal } = start();
  const scenario = publish();
  observer.state.highestEpoch = scenario.config.epoch + 1;
  expect(refusal(scenario)).toBe('wrong_epoch');
});
