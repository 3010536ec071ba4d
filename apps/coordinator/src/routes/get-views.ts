import {
  cbor,
  clusterParameter,
  defineOperation,
  memberParameter,
  messageReply,
  type Operation,
  replyOf,
  roundParameter,
} from '@secagg/http';
import { roundKey } from '@secagg/protocol';
import { memberViewsMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { type ViewSource } from '../rounds/member-views';
import { liveRound } from '../rounds/round-status';

export const getViews = ({ journal }: Engine, source: ViewSource): Operation =>
  defineOperation({
    id: 'get-views',
    method: 'get',
    path: '/v1/clusters/:cluster/rounds/:round/views',
    params: { cluster: clusterParameter, round: roundParameter },
    summary: 'All contributions of a closed round as one committee member is to see them',
    query: { member: memberParameter.describe('index of the member in the epoch') },
    urgent: true,
    replies: { 200: replyOf(cbor(memberViewsMessage), 'The contributions'), 409: 'the round is not closed yet' },
    async handle(call) {
      const cluster = call.params.cluster;
      const number = call.params.round;
      const views = await source.views(
        roundKey(cluster, number),
        liveRound(journal.state, cluster, number),
        call.query.member,
      );
      return messageReply(memberViewsMessage, views);
    },
  });
