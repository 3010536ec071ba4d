import {
  cbor,
  clusterParameter,
  defineOperation,
  noContent,
  type Operation,
  readMessage,
  roundParameter,
} from '@secagg/http';
import { receiveVote, roundKey } from '@secagg/protocol';
import { voteMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { liveRound } from '../rounds/round-status';

export const postVote = ({ journal, now }: Engine): Operation =>
  defineOperation({
    id: 'post-vote',
    method: 'post',
    path: '/v1/clusters/:cluster/rounds/:round/votes',
    params: { cluster: clusterParameter, round: roundParameter },
    summary: 'A member votes `ready` or `abort`, once a round',
    request: [cbor(voteMessage)],
    urgent: true,
    replies: { 204: 'taken, or not needed any more' },
    async handle(call) {
      const cluster = call.params.cluster;
      const round = call.params.round;
      liveRound(journal.state, cluster, round);
      const message = await readMessage(call, voteMessage);
      await journal.commit((state) => receiveVote(state, roundKey(cluster, round), message, now()));
      return noContent;
    },
  });
