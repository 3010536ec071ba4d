import { cbor, clusterParameter, defineOperation, noContent, type Operation, roundParameter } from '@secagg/http';
import { answerBodyMessage } from '@secagg/schema';
import { receiveAnswer, roundKey } from '@secagg/protocol';
import { type Engine } from '../engine';
import { largestAnswer } from '../rounds/committee-sizes';
import { liveRound } from '../rounds/round-status';

export const postAnswer = ({ journal, now }: Engine): Operation =>
  defineOperation({
    id: 'post-answer',
    method: 'post',
    path: '/v1/clusters/:cluster/rounds/:round/answers',
    params: { cluster: clusterParameter, round: roundParameter },
    summary: 'A member answers a decision: signed hashes of its keystream sums, and the sums it was asked for',
    request: [cbor(answerBodyMessage)],
    urgent: true,
    replies: { 204: 'taken, or not needed any more' },
    async handle(call) {
      const cluster = call.params.cluster;
      const round = call.params.round;
      const body = await call.body(largestAnswer(liveRound(journal.state, cluster, round).verified));
      await journal.commit((state) => receiveAnswer(state, roundKey(cluster, round), body, now()));
      return noContent;
    },
  });
