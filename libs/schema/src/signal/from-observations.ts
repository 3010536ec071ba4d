import { signalKey } from './key';
import { StatisticsByKey } from './key-statistics';
import { costPerToken, type RewardObservation } from './observation';
import { type FederatedRewardSignal } from './signal';

/**
 * The fields of a signal that observations do not give. `participant_count` is 1 unless the observations are of several
 * routers.
 */
export type SignalHeader = Pick<FederatedRewardSignal, 'aggregation_round' | 'cluster_hash' | 'timestamp'> & {
  participant_count?: number;
};

/**
 * The exact signal of a set of valid observations (float64, compensated sums): what a router keeps for itself, and the
 * truth of tests. `cost_efficiency` is the mean of the requests' own USD per token, each request counting once however
 * many tokens it had. No observations give an empty map.
 */
export function signalFromObservations(
  observations: Iterable<RewardObservation>,
  header: SignalHeader,
): FederatedRewardSignal {
  const statistics = new StatisticsByKey();
  for (const observation of observations) {
    const means = {
      success: Number(observation.success),
      latency: observation.latency_s,
      quality: observation.quality,
      cost: costPerToken(observation),
    };
    statistics.of(signalKey(observation.model, observation.task)).add(means, 1);
  }
  return {
    schema_version: 1,
    aggregation_round: header.aggregation_round,
    cluster_hash: header.cluster_hash,
    reward_signals: statistics.signals(),
    participant_count: header.participant_count ?? 1,
    timestamp: header.timestamp,
  };
}
