import { roundKey } from '@secagg/protocol';
import { memberViewsMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { messageReply, type Operation } from '../http/operation';
import { clusterOf, memberOf, roundOf } from '../http/parameters';
import { type ViewSource } from '../rounds/member-views';
import { liveRound } from '../rounds/round-status';

export const getViews = ({ journal }: Engine, source: ViewSource): Operation => ({
  id: 'get-views',
  method: 'get',
  path: '/v1/clusters/:cluster/rounds/:round/views',
  summary: 'All contributions of a closed round as one committee member is to see them',
  query: { member: 'index of the member in the epoch' },
  urgent: true,
  replies: { 200: 'member-views', 409: 'the round is not closed yet' },
  async handle(call) {
    const cluster = clusterOf(call);
    const number = roundOf(call);
    const views = await source.views(
      roundKey(cluster, number),
      liveRound(journal.state, cluster, number),
      memberOf(call),
    );
    return messageReply(memberViewsMessage, views);
  },
});
