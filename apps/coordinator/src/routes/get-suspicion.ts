import { SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { jsonReply, type Operation } from '../http/operation';
import { clusterOf } from '../http/parameters';
import { suspicionReport } from '../suspicion/report';
import { quarantineRounds, type Scores } from '../suspicion/scores';

/** @param refresh where other replicas count rounds too: takes over what they have written */
export const getSuspicion = (
  { journal }: Engine,
  scores: Scores,
  refresh?: (cluster: string) => Promise<void>,
): Operation => ({
  id: 'get-suspicion',
  method: 'get',
  path: '/v1/clusters/:cluster/suspicion',
  summary:
    'Which routers spoil their groups, by the published rounds that this coordinator has counted; everybody with the transcripts can compute it',
  replies: {
    200: 'JSON: cluster, rounds, latest_round, error_probability, min_rounds, quarantine_rounds, suspects, routers',
    404: 'the fleet policy does not have the cluster',
  },
  async handle(call) {
    const cluster = clusterOf(call);
    const { view } = journal.state;
    if (!view.policy.clusters.some((entry) => entry.cluster === cluster))
      throw new SecaggError('not_found', 'the fleet policy does not have the cluster');
    await refresh?.(cluster);
    return jsonReply(suspicionReport(cluster, scores.of(cluster), quarantineRounds(view, cluster)));
  },
});
