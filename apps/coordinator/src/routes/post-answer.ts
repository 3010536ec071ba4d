import { receiveAnswer, roundKey } from '@secagg/protocol';
import { type Engine } from '../engine';
import { noContent, type Operation } from '../http/operation';
import { clusterOf, roundOf } from '../http/parameters';
import { largestAnswer } from '../rounds/committee-sizes';
import { liveRound } from '../rounds/round-status';

export const postAnswer = ({ journal, now }: Engine): Operation => ({
  id: 'post-answer',
  method: 'post',
  path: '/v1/clusters/:cluster/rounds/:round/answers',
  summary: 'A member answers a decision: signed hashes of its keystream sums, and the sums it was asked for',
  request: 'answer-body',
  urgent: true,
  replies: { 204: 'taken, or not needed any more' },
  async handle(call) {
    const cluster = clusterOf(call);
    const round = roundOf(call);
    const body = await call.body(largestAnswer(liveRound(journal.state, cluster, round).round));
    await journal.commit((state) => receiveAnswer(state, roundKey(cluster, round), body, now()));
    return noContent;
  },
});
