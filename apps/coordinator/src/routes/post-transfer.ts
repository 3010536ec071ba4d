import {
  clusterParameter,
  defineOperation,
  noContent,
  type Operation,
  readMessage,
  roundParameter,
  signedCbor,
} from '@secagg/http';
import { receiveTransfer, roundKey } from '@secagg/protocol';
import { signedMessage, transferMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { largestTransfer } from '../rounds/committee-sizes';
import { liveRound } from '../rounds/round-status';

export const postTransfer = ({ journal }: Engine): Operation =>
  defineOperation({
    id: 'post-transfer',
    method: 'post',
    path: '/v1/clusters/:cluster/rounds/:round/transfers',
    params: { cluster: clusterParameter, round: roundParameter },
    summary: 'A member passes seeds on to a holder whose boxes had failed',
    request: [signedCbor(transferMessage)],
    urgent: true,
    replies: { 204: 'taken, or not needed any more' },
    async handle(call) {
      const cluster = call.params.cluster;
      const round = call.params.round;
      const limit = largestTransfer(liveRound(journal.state, cluster, round));
      const message = await readMessage(call, signedMessage, limit);
      await journal.commit((state) => receiveTransfer(state, roundKey(cluster, round), message));
      return noContent;
    },
  });
