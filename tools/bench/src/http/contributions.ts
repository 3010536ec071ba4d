/** Contributions of many routers, made before the clock starts, and what their sum has to be. */
import { addNoise } from '@secagg/dp-noise';
import { buildContribution, type FleetView, type Identity, verifyAnnouncement, verifyEpoch } from '@secagg/protocol';
import { accumulate, type OpenRound, type RewardObservation, roundConfigMessage, splitSignalKey } from '@secagg/schema';
import { unsafeSeededRandom } from '@secagg/testbed/random';

export interface Prepared {
  readonly bodies: readonly Uint8Array[];
  /** Sum of the vectors with their noise: integers. */
  readonly sum: Float64Array;
}

export function prepareContributions(view: FleetView, open: OpenRound, routers: readonly Identity[]): Prepared {
  const { round_time_ms } = roundConfigMessage.decode(open.announcement.body);
  const round = verifyAnnouncement(view, verifyEpoch(view, open.epoch_certificate, round_time_ms), open.announcement);
  const { layout, privacy } = round.config;
  const variance = { numerator: privacy.noise_variance_numerator, denominator: privacy.noise_variance_denominator };
  const sum = new Float64Array(round.dimension);
  const bodies = routers.map((identity, i) => {
    const observations = Array.from({ length: 20 }, (_, k): RewardObservation => {
      const { model, task } = splitSignalKey(layout.keys[(7 * i + 11 * k) % layout.keys.length]);
      return {
        model,
        task,
        success: (i + k) % 3 > 0,
        latency_s: ((i * k) % 50) / 10,
        cost_usd: 0.01,
        tokens: 1000 + i,
      };
    });
    const { vector } = accumulate(layout, observations);
    const seed = `${round.config.round} ${identity.id}`;
    const noisy = vector.slice();
    // A router draws its noise before anything else.
    addNoise(noisy, variance, unsafeSeededRandom(seed));
    noisy.forEach((value, coordinate) => {
      sum[coordinate] += value;
    });
    return buildContribution(round, identity, vector, unsafeSeededRandom(seed), Date.now()).bytes;
  });
  return { bodies, sum };
}
