import {
  cbor,
  clusterParameter,
  defineOperation,
  flagParameter,
  memberParameter,
  messageReply,
  type Operation,
  replyOf,
  roundParameter,
} from '@secagg/http';
import { roundKey, signClosing } from '@secagg/protocol';
import { memberViewsMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { type ViewSource } from '../rounds/member-views';
import { liveRound } from '../rounds/round-status';

export const getViews = ({ journal, context }: Engine, source: ViewSource): Operation =>
  defineOperation({
    id: 'get-views',
    method: 'get',
    path: '/v1/clusters/:cluster/rounds/:round/views',
    params: { cluster: clusterParameter, round: roundParameter },
    summary: 'All contributions of a closed round as one committee member is to see them',
    query: {
      member: memberParameter.describe('index of the member in the epoch'),
      closing: flagParameter.describe('with the signed list of them; older members know of none'),
    },
    urgent: true,
    replies: { 200: replyOf(cbor(memberViewsMessage), 'The contributions'), 409: 'the round is not closed yet' },
    async handle(call) {
      const cluster = call.params.cluster;
      const number = call.params.round;
      const round = liveRound(journal.state, cluster, number);
      const views = await source.views(roundKey(cluster, number), round, call.query.member);
      const closing = call.query.closing ? { closing: signClosing(round, context) } : {};
      return messageReply(memberViewsMessage, { ...views, ...closing });
    },
  });
