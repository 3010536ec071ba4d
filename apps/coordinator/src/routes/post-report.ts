import { receiveReport, roundKey } from '@secagg/protocol';
import { reportMessage, signedMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { noContent, type Operation, readMessage, signedLimit } from '../http/operation';
import { clusterOf, roundOf } from '../http/parameters';
import { liveRound } from '../rounds/round-status';

export const postReport = ({ journal }: Engine): Operation => ({
  id: 'post-report',
  method: 'post',
  path: '/v1/clusters/:cluster/rounds/:round/reports',
  summary: 'A member reports which contributions it can use',
  request: 'signed report',
  urgent: true,
  replies: { 204: 'taken, or not needed any more' },
  async handle(call) {
    const cluster = clusterOf(call);
    const round = roundOf(call);
    liveRound(journal.state, cluster, round);
    const message = await readMessage(call, signedMessage, signedLimit(reportMessage));
    await journal.commit((state) => receiveReport(state, roundKey(cluster, round), message));
    return noContent;
  },
});
