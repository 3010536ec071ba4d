import { SecaggError } from '../problems';
import { StatisticsByKey } from './key-statistics';
import { type FederatedRewardSignal } from './signal';

/**
 * Combines signals in the clear (for a router's own data, and as the truth that tests compare with).
 *
 * Per key: samples add up; success rate and latency are means weighted by samples; quality and cost are means weighted
 * by the samples of the signals that carry them, and absent where none does. `participant_count` is the sum: the
 * signals must come from disjoint sets of routers. `aggregation_round` is the highest and `timestamp` the latest of the
 * inputs. `privacy_budget_used` and `noise_scale` are left out: neither follows from the inputs' values.
 * Throws `invalid` for an empty list, for signals of different clusters, and when a count passes 2^53 - 1. The inputs
 * are taken to be valid (`parseSignal`).
 */
export function aggregateRewardSignals(signals: readonly FederatedRewardSignal[]): FederatedRewardSignal {
  const [first] = signals;
  if (first === undefined) throw new SecaggError('invalid', 'no signal to aggregate', { path: 'signals' });
  const statistics = new StatisticsByKey();
  let participants = 0;
  let round = first.aggregation_round;
  let timestamp = first.timestamp;
  signals.forEach((signal, index) => {
    if (signal.cluster_hash !== first.cluster_hash) {
      throw new SecaggError('invalid', 'signals of different clusters', { path: `signals[${index}].cluster_hash` });
    }
    participants += signal.participant_count;
    round = Math.max(round, signal.aggregation_round);
    if (Date.parse(signal.timestamp) > Date.parse(timestamp)) timestamp = signal.timestamp;
    for (const [key, entry] of Object.entries(signal.reward_signals)) {
      const means = {
        success: entry.success_rate,
        latency: entry.avg_latency,
        quality: entry.quality_score,
        cost: entry.cost_efficiency,
      };
      statistics.of(key).add(means, entry.total_samples);
    }
  });
  if (!Number.isSafeInteger(participants)) {
    throw new SecaggError('invalid', 'too many participants to count', { path: 'participant_count' });
  }
  return {
    schema_version: 1,
    aggregation_round: round,
    cluster_hash: first.cluster_hash,
    reward_signals: statistics.signals(),
    participant_count: participants,
    timestamp,
  };
}
