import { receiveTransfer, roundKey } from '@secagg/protocol';
import { signedMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { noContent, type Operation, readMessage } from '../http/operation';
import { clusterOf, roundOf } from '../http/parameters';
import { largestTransfer } from '../rounds/committee-sizes';
import { liveRound } from '../rounds/round-status';

export const postTransfer = ({ journal }: Engine): Operation => ({
  id: 'post-transfer',
  method: 'post',
  path: '/v1/clusters/:cluster/rounds/:round/transfers',
  summary: 'A member passes seeds on to a holder whose boxes had failed',
  request: 'signed seed-transfer',
  urgent: true,
  replies: { 204: 'taken, or not needed any more' },
  async handle(call) {
    const cluster = clusterOf(call);
    const round = roundOf(call);
    const limit = largestTransfer(liveRound(journal.state, cluster, round));
    const message = await readMessage(call, signedMessage, limit);
    await journal.commit((state) => receiveTransfer(state, roundKey(cluster, round), message));
    return noContent;
  },
});
