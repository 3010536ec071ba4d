/** The protocol, message by message: read this first. */
import { randomBytes } from 'node:crypto';
import { defaultFields, encodeObservation, requestNorm } from '@secagg/schema';
import { aggregateResult, LocalFleet, runCommittee } from '../src';

const now = Date.UTC(2026, 0, 1);
const fields = defaultFields({ cost: true });
const plan = {
  keys: ['m1:t1', 'm1:t2'],
  fields,
  maxRequestsPerRouter: 1000,
  minParticipantsPerGroup: 3,
  maxParticipants: 16,
  groups: 1,
  privacy: { unit: 'request' as const, rho: 'unsafe-none' as const, assumedColluders: 0, deltaInverse: 1_000_000 },
  sendDelayMs: 0,
  durationMs: 1000,
};

it('runs a round: announce, contribute, collect, close, check, decide, answer, publish, settle', () => {
  const fleet = new LocalFleet({
    routers: 7,
    committee: { size: 4, threshold: 2 },
    random: randomBytes,
    nowMs: now,
    cluster: { unsafe_no_noise: true },
    limits: { unsafeNoNoise: true },
  });
  fleet.startEpoch(now);
  const { key, config } = fleet.announce(plan, now);
  const vector = () => {
    const out = new Float64Array(config.layout.keys.length * fields.length);
    const row = new Float64Array(fields.length);
    for (let i = 0; i < 10; i++) {
      const k = encodeObservation(config.layout, { model: 'm1', task: 't1', success: i < 7, latency_s: 1.5 }, row);
      row.forEach((value, f) => {
        out[k * fields.length + f] += value;
      });
    }
    return out;
  };
  for (const router of fleet.routers.slice(0, 5))
    router.send(fleet.coordinator, key, router.contribution(fleet.coordinator, key, vector(), now));
  runCommittee(fleet.coordinator, fleet.members, now + 1000);
  expect(fleet.coordinator.state.rounds.get(key)?.phase).toBe('published');

  const settled = fleet.routers[0].settle(fleet.coordinator, key, now + 1000);
  expect(settled?.outcome).toBe('included');
  const audited = settled?.audited;
  if (audited?.kind !== 'opened') throw new Error('not opened');
  const { signal, participants } = aggregateResult(audited);
  expect(participants).toEqual(['router-0', 'router-1', 'router-2', 'router-3', 'router-4']);
  expect(signal.reward_signals['m1:t1'].total_samples).toBe(50);
  expect(signal.reward_signals['m1:t1'].success_rate).toBeCloseTo(0.7, 12);
  expect(requestNorm(config.layout)).toBeGreaterThan(0);
});
