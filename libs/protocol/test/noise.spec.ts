/** Over 300 rounds with noise, the errors of the published numbers are what their standard errors say. */
import {
  aggregateRewardSignals,
  accumulate,
  defaultFields,
  type RewardObservation,
  signalFromObservations,
} from '@secagg/schema';
import { unsafeSeededRandom } from '@secagg/testbed/random';
import { aggregateResult, LocalFleet } from '../src';
import { now, Scenario } from './support/scenario';

const rounds = 300;
const keys = ['m:a', 'm:b'];
const measures = ['total_samples', 'success_rate', 'avg_latency', 'quality_score', 'cost_efficiency'] as const;
const header = { aggregation_round: 1, cluster_hash: 'ab'.repeat(32), timestamp: '2026-01-01T00:00:00Z' };

/** 600 requests of each key, of which no two routers send the same. */
const observationsOf = (router: number): RewardObservation[] =>
  keys.flatMap((key, k) =>
    Array.from(
      { length: 600 },
      (_, i): RewardObservation => ({
        model: 'm',
        task: key.slice(2),
        success: (i + router) % 4 !== 0,
        latency_s: ((i * 7 + router + k) % 50) / 10,
        quality: (i % 11) / 10,
        cost_usd: 0.001 + (i % 13) / 1e4,
        tokens: 100 + i,
      }),
    ),
  );

it('their standardised errors have mean 0 and standard deviation 1', () => {
  const fleet = new LocalFleet({
    routers: 3,
    committee: { size: 1, threshold: 1 },
    random: unsafeSeededRandom('noise'),
    nowMs: now,
  });
  const observations = fleet.routers.map((_, i) => observationsOf(i));
  const truth = aggregateRewardSignals(observations.map((list) => signalFromObservations(list, header))).reward_signals;
  const errors: Record<string, number[]> = Object.fromEntries(measures.map((measure) => [measure, []]));
  for (let i = 0; i < rounds; i++) {
    const scenario = new Scenario(fleet, {
      keys,
      fields: defaultFields({ quality: true, cost: true, latencyBoundSeconds: 5, costBoundUsdPerToken: 1e-4 }),
      maxRequestsPerRouter: 1200,
      minParticipantsPerGroup: 2,
      privacy: { unit: 'request', rho: 0.01, deltaInverse: 1_000_000 },
    });
    fleet.routers.forEach((router, r) =>
      router.send(
        fleet.coordinator,
        scenario.key,
        router.contribution(
          fleet.coordinator,
          scenario.key,
          accumulate(scenario.config.layout, observations[r]).vector,
          now,
        ),
      ),
    );
    scenario.finish();
    const { details, withheld, signal, privacy } = aggregateResult(scenario.audit());
    expect(withheld).toEqual([]);
    // Charged for two, opened with three.
    expect(privacy.rho).toBeCloseTo((0.01 * 2) / 3, 4);
    expect(signal.participant_count).toBe(3);
    for (const key of keys) {
      for (const measure of measures) {
        const { unclamped, standard_errors } = details[key];
        errors[measure].push(
          ((unclamped[measure] as number) - (truth[key][measure] as number)) / (standard_errors[measure] as number),
        );
      }
    }
    fleet.coordinator.forget(scenario.key);
    for (const member of fleet.members) member.forget(scenario.key);
    for (const router of fleet.routers) router.forget(scenario.key);
  }
  for (const measure of measures) {
    const values = errors[measure];
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
    expect(values).toHaveLength(rounds * keys.length);
    expect(Math.abs(mean)).toBeLessThan(0.15);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.1);
  }
});
