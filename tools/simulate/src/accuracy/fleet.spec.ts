import { type RewardObservation } from '@secagg/schema';
import { AccuracyFleet } from './fleet';

const requests = Array.from({ length: 5 }, (_, r) =>
  Array.from(
    { length: 40 },
    (_, i): RewardObservation => ({
      model: 'm',
      task: `t${i % 8}`,
      success: (i + r) % 3 > 0,
      latency_s: 1 + r,
      cost_usd: 0.001,
      tokens: 100,
    }),
  ),
);

it.each(['request', 'router'] as const)(
  'opens rounds of unit %s at the epsilon asked for, with the noise that is claimed',
  (unit) => {
    const fleet = new AccuracyFleet({
      unit,
      requests,
      copies: 2,
      fields: { unitsPerRequest: 4096 },
      expectedRequests: 40,
      seed: 'spec',
    });
    const rounds = [fleet.run(0.5), fleet.run(4)];
    expect(fleet.routers).toBe(10);
    expect(rounds.map((round) => round.result.participants.length)).toEqual([10, 10]);
    expect(rounds.map((round) => round.result.privacy.epsilon)).toEqual([expect.closeTo(0.5, 6), expect.closeTo(4, 6)]);
    // 40 coordinates: 6 standard deviations of a chi-square's mean.
    for (const { noiseRatio } of rounds) expect(Math.abs(noiseRatio - 1)).toBeLessThan(6 * Math.sqrt(2 / 40));
    const { counts, result } = rounds[1];
    for (const count of counts.values())
      expect(Math.abs(count - 50)).toBeLessThan(6 * (result.signal.noise_scale ?? 0));
  },
);

it('cuts routers to a norm that their plan does not allow for', () => {
  const fleet = new AccuracyFleet({
    unit: 'router',
    requests,
    copies: 1,
    fields: { unitsPerRequest: 4096 },
    expectedRequests: 4,
    seed: 'spec',
  });
  expect(fleet.run(1).clippedRouters).toBe(5);
});
