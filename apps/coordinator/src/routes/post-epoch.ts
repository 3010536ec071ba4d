import { startEpoch } from '@secagg/protocol';
import { operatorRequestMessage, signedMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { jsonReply, type Operation, readMessage, signedLimit } from '../http/operation';
import { type OperatorRequests } from '../operators/operator-requests';

export const postEpoch = ({ journal, now }: Engine, operators: OperatorRequests, lifetimeMs: number): Operation => ({
  id: 'post-epoch',
  method: 'post',
  path: '/v1/epochs',
  summary: 'Starts the set-up of a new epoch',
  request: 'signed operator-request (start-epoch)',
  urgent: true,
  replies: { 201: 'JSON: epoch, threshold, candidates, not_after_ms' },
  async handle(call) {
    const signed = await readMessage(call, signedMessage, signedLimit(operatorRequestMessage));
    const { use } = operators.verify(journal.state, signed, 'start-epoch', now());
    const { epoch, threshold, candidates, not_after_ms } = await journal.commit(
      (state) => startEpoch(state, lifetimeMs, now()),
      use,
    );
    return jsonReply({ epoch, threshold, candidates, not_after_ms }, 201);
  },
});
