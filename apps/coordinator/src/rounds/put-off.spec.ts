import { randomBytes } from 'node:crypto';
import { epsilonToRho, rhoToBudgetUnits } from '@secagg/dp-noise';
import { coordinatorRole, LocalFleet, pastRounds, runCommittee } from '@secagg/protocol';
import { accumulate, type ClusterPolicy, decodeCanonical, defaultFields, encodeCanonical } from '@secagg/schema';
import { type Interval, type PutOff, putOff } from './put-off';
import { type ClusterPlan } from './start-round';

const start = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const hourly: Interval = { kind: 'interval', everyMs: HOUR, maxSkippedIntervals: 3, spreadBudget: true };

/** What a round comes to. */
type Story = 'useful' | 'idle' | 'nobody' | 'committee away';

function trial(privacy: Partial<ClusterPlan['privacy']> = {}, policy: Partial<ClusterPolicy> = {}) {
  const fleet = new LocalFleet({
    routers: 4,
    committee: { size: 1, threshold: 1 },
    random: randomBytes,
    nowMs: start,
    cluster: { unsafe_no_noise: true, ...policy },
    limits: { unsafeNoNoise: true },
  });
  fleet.startEpoch(start);
  const plan: ClusterPlan = {
    cluster: fleet.cluster,
    keys: ['m:t'],
    fields: defaultFields(),
    maxRequestsPerRouter: 1000,
    minParticipantsPerGroup: 2,
    maxParticipants: 8,
    groups: 1,
    privacy: { unit: 'request', rho: 'unsafe-none', assumedColluders: 0, deltaInverse: 1_000_000, ...privacy },
    sendDelayMs: 0,
    durationMs: 1000,
  };
  const { state } = fleet.coordinator;
  let lastMs = 0;
  /** One round to its end. */
  const round = (story: Story, atMs: number): void => {
    lastMs = start + atMs;
    const { rho } = plan.privacy;
    const { key, config } = fleet.announce({ ...plan, privacy: { ...plan.privacy, rho: rho as number } }, lastMs);
    const open = fleet.coordinator.open(key);
    const requests = story === 'useful' ? 900 : 0;
    const seen = Array.from({ length: requests }, () => ({ model: 'm', task: 't', success: true, latency_s: 1 }));
    for (const router of story === 'nobody' ? [] : fleet.routers) {
      const bytes = router.build(router.check(open, lastMs), accumulate(config.layout, seen).vector, lastMs);
      router.send(fleet.coordinator, key, bytes);
    }
    if (story === 'committee away') fleet.coordinator.tick(lastMs + 1000 + 61_000);
    if (story === 'committee away') fleet.coordinator.tick(lastMs + 1000 + 200_000);
    else runCommittee(fleet.coordinator, fleet.members, lastMs + 1000);
    // Without enough reports, members are asked to abort later.
    if (story === 'nobody') runCommittee(fleet.coordinator, fleet.members, lastMs + 1000 + 20_000);
    fleet.forget(key);
  };
  const found = (
    interval: Interval = hourly,
    waiting: { now: number; atAnnouncement: number | undefined } = { now: 0, atAnnouncement: 0 },
    nowMs = lastMs + HOUR,
  ): PutOff | undefined => putOff(state, plan, interval, { lastMs, waiting, nowMs });
  const hours = (interval?: Interval): number => ((found(interval)?.untilMs ?? lastMs + HOUR) - lastMs) / HOUR;
  return { fleet, state, plan, round, found, hours };
}

it('puts nothing off before the first round, nor after one that was of use', () => {
  const { round, found } = trial();
  expect(found()).toBeUndefined();
  round('useful', 0);
  expect(found()).toBeUndefined();
});

it.each<[Story, PutOff['reason']]>([
  ['idle', 'all_withheld'],
  ['nobody', 'too_few_routers'],
  ['committee away', 'no_decision'],
])(
  'after rounds with %s, waits twice as long each time up to the bound, and no more after one of use',
  (story, reason) => {
    const { round, found, hours } = trial();
    const spacings = Array.from({ length: 5 }, (_, i) => {
      round(story, i * 10 * HOUR);
      expect(found()?.reason).toBe(reason);
      return hours();
    });
    expect(spacings).toEqual([2, 4, 4, 4, 4]);
    expect(hours({ ...hourly, maxSkippedIntervals: 20 })).toBe(21);
    expect(hours({ ...hourly, maxSkippedIntervals: 1 })).toBe(2);
    expect(hours({ ...hourly, maxSkippedIntervals: 0 })).toBe(1);
    round('useful', 60 * HOUR);
    expect(found()).toBeUndefined();
  },
);

it('never starves, however often nothing came of it', () => {
  const { state, plan, hours } = trial();
  state.pastRounds.set(plan.cluster, {
    ...pastRounds(state, plan.cluster),
    ended: 5000,
    fruitless: 5000,
    why: 'all_withheld',
  });
  expect(hours({ ...hourly, maxSkippedIntervals: 1000 })).toBe(1001);
});

it('tries again when enough routers wait that did not wait at the last one; those that waited then are no reason', () => {
  const { round, found } = trial();
  round('nobody', 0);
  expect(found(hourly, { now: 1, atAnnouncement: 0 })?.detail).toContain('2 are needed, 1 wait');
  expect(found(hourly, { now: 2, atAnnouncement: 1 })).toBeUndefined();
  expect(found(hourly, { now: 2, atAnnouncement: undefined })).toBeUndefined();
  expect(found(hourly, { now: 4, atAnnouncement: 2 })?.reason).toBe('too_few_routers');
});

it('takes no notice of routers that wait where the last round had nothing to publish', () => {
  const { round, found } = trial();
  round('idle', 0);
  expect(found(hourly, { now: 4, atAnnouncement: 0 })?.reason).toBe('all_withheld');
});

it('goes by the counts beside their noise: few requests are withheld, many are not', () => {
  const rho = epsilonToRho(0.05, 1e-6);
  const noisy = trial({ rho });
  noisy.round('idle', 0);
  expect(noisy.found()?.reason).toBe('all_withheld');
  noisy.round('useful', 10 * HOUR);
  expect(noisy.found()).toBeUndefined();
});

it('is the same after a restart from a snapshot, also with the events of rounds replayed that it has seen', () => {
  const { fleet, state, round, found } = trial();
  const events: Parameters<typeof fleet.coordinator.onEvent>[0][] = [];
  fleet.coordinator.onEvent = (event) => void events.push(event);
  round('idle', 0);
  round('idle', 2 * HOUR);
  const before = pastRounds(state, fleet.cluster);
  expect(before).toMatchObject({ announced: 2, ended: 2, fruitless: 2, why: 'all_withheld' });
  expect(before.announcedAtMs).toBe(start + 2 * HOUR);
  const role = coordinatorRole(fleet.authority.publicKey);
  const snapshot = encodeCanonical(role.snapshot(state));
  state.pastRounds.clear();
  role.restore(decodeCanonical(snapshot), state);
  fleet.coordinator.commit({ events: [...events], reply: undefined });
  expect(pastRounds(state, fleet.cluster)).toEqual(before);
  expect(found()?.intervals).toBe(3);
});

describe('where the budget does not last for a round every interval', () => {
  const cost = epsilonToRho(0.5, 1e-6);
  const policy = { budget_rho_units: rhoToBudgetUnits(epsilonToRho(8, 1e-6)), budget_window_days: 30 };

  /** Hours between rounds over so many days. */
  function spacings(days: number, interval = hourly): number[] {
    const { found, round, plan } = trial({ rho: cost }, policy);
    const all: number[] = [];
    for (let at = 0; at < days * 24 * HOUR; ) {
      round('useful', at);
      const due = (found(interval)?.untilMs ?? start + at + HOUR) - start;
      expect(due).toBeGreaterThan(at);
      all.push((due - at) / HOUR);
      at = due;
    }
    expect(plan.privacy.rho).toBe(cost);
    return all;
  }

  it('spreads rounds over the window', () => {
    const { found, round } = trial({ rho: cost }, policy);
    round('useful', 0);
    expect(found()).toMatchObject({ reason: 'budget', detail: expect.stringMatching(/has room for \d+ more rounds/) });
    const hours = spacings(6);
    // Four routers take part where two are the minimum, so that rounds cost about half of what was planned.
    for (const each of hours) expect(each).toBeGreaterThan(1.5);
    for (const each of hours) expect(each).toBeLessThan(5);
  });

  it('leaves it to the operator who wants rounds while there is budget', () => {
    expect(spacings(0.5, { ...hourly, spreadBudget: false })).toEqual(Array.from({ length: 12 }, () => 1));
  });

  it.each<[string, Partial<ClusterPlan['privacy']>, Partial<ClusterPolicy>, Interval]>([
    ['a schedule that fits', { rho: cost }, policy, { ...hourly, everyMs: 6 * HOUR }],
    ['a budget for ever', { rho: cost }, { ...policy, budget_window_days: 0 }, hourly],
    [
      'a budget held to single requests',
      { rho: cost },
      { ...policy, budget_protects: 'event', privacy_units: ['request'] },
      hourly,
    ],
    ['no noise', {}, policy, hourly],
  ])('says nothing with %s', (_, privacy, terms, interval) => {
    const { round, found } = trial(privacy, terms);
    round('useful', 0);
    expect(found(interval)).toBeUndefined();
  });

  it('says nothing of a plan that can make no round', () => {
    const { found, plan, state } = trial({ rho: cost }, policy);
    const broken = { ...plan, privacy: { ...plan.privacy, assumedColluders: 2 } };
    const about = { lastMs: start, waiting: { now: 0, atAnnouncement: 0 }, nowMs: start + HOUR };
    expect(putOff(state, broken, hourly, about)).toBeUndefined();
    expect(found()).toBeUndefined();
  });
});
