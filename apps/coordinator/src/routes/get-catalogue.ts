import { clusterParameter, defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { clusterCatalogueSchema } from '@secagg/schema';
import { type ClusterPlan, planOf } from '../rounds/start-round';

export const getCatalogue = (plans: ReadonlyMap<string, ClusterPlan>): Operation =>
  defineOperation({
    id: 'get-catalogue',
    method: 'get',
    path: '/v1/clusters/:cluster/catalogue',
    params: { cluster: clusterParameter },
    asIs: true,
    summary:
      'Keys and fields that the next rounds of a cluster are planned with: not signed, so that operators of routers see before a round what it will take',
    replies: {
      200: replyOf(json(clusterCatalogueSchema), 'The plan'),
      404: 'no rounds are configured for the cluster',
    },
    async handle(call) {
      const { cluster, keys, fields } = planOf(plans, call.params.cluster);
      return jsonReply({ cluster, keys, fields });
    },
  });
