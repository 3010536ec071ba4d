import { receiveVote, roundKey } from '@secagg/protocol';
import { voteMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { noContent, type Operation, readMessage } from '../http/operation';
import { clusterOf, roundOf } from '../http/parameters';
import { liveRound } from '../rounds/round-status';

export const postVote = ({ journal, now }: Engine): Operation => ({
  id: 'post-vote',
  method: 'post',
  path: '/v1/clusters/:cluster/rounds/:round/votes',
  summary: 'A member votes `ready` or `abort`, once a round',
  request: 'vote-envelope',
  urgent: true,
  replies: { 204: 'taken, or not needed any more' },
  async handle(call) {
    const cluster = clusterOf(call);
    const round = roundOf(call);
    liveRound(journal.state, cluster, round);
    const message = await readMessage(call, voteMessage);
    await journal.commit((state) => receiveVote(state, roundKey(cluster, round), message, now()));
    return noContent;
  },
});
