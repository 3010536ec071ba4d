import { clusterParameter, defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { SecaggError, suspicionReportSchema } from '@secagg/schema';
import { type Engine } from '../engine';
import { suspicionReport } from '../suspicion/report';
import { quarantineRounds, type Scores } from '../suspicion/scores';

/** @param refresh where other replicas count rounds too: takes over what they have written */
export const getSuspicion = (
  { journal }: Engine,
  scores: Scores,
  refresh?: (cluster: string) => Promise<void>,
): Operation =>
  defineOperation({
    id: 'get-suspicion',
    method: 'get',
    path: '/v1/clusters/:cluster/suspicion',
    params: { cluster: clusterParameter },
    summary:
      'Which routers spoil their groups, by the published rounds that this coordinator has counted; everybody with the transcripts can compute it',
    replies: {
      200: replyOf(json(suspicionReportSchema), 'The scores'),
      404: 'the fleet policy does not have the cluster',
    },
    async handle(call) {
      const cluster = call.params.cluster;
      const { view } = journal.state;
      if (!view.policy.clusters.some((entry) => entry.cluster === cluster))
        throw new SecaggError('not_found', 'the fleet policy does not have the cluster');
      await refresh?.(cluster);
      return jsonReply(suspicionReport(cluster, scores.of(cluster), quarantineRounds(view, cluster)));
    },
  });
