import {
  clusterParameter,
  defineOperation,
  noContent,
  type Operation,
  readMessage,
  roundParameter,
  signedCbor,
  signedLimit,
} from '@secagg/http';
import { receiveReport, roundKey } from '@secagg/protocol';
import { reportMessage, signedMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { liveRound } from '../rounds/round-status';

export const postReport = ({ journal }: Engine): Operation =>
  defineOperation({
    id: 'post-report',
    method: 'post',
    path: '/v1/clusters/:cluster/rounds/:round/reports',
    params: { cluster: clusterParameter, round: roundParameter },
    summary: 'A member reports which contributions it can use',
    request: [signedCbor(reportMessage)],
    urgent: true,
    replies: { 204: 'taken, or not needed any more' },
    async handle(call) {
      const cluster = call.params.cluster;
      const round = call.params.round;
      liveRound(journal.state, cluster, round);
      const message = await readMessage(call, signedMessage, signedLimit(reportMessage));
      await journal.commit((state) => receiveReport(state, roundKey(cluster, round), message));
      return noContent;
    },
  });
