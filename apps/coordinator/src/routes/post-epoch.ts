import {
  defineOperation,
  json,
  jsonReply,
  type Operation,
  readMessage,
  replyOf,
  signedCbor,
  signedLimit,
} from '@secagg/http';
import { startEpoch } from '@secagg/protocol';
import { operatorRequestMessage, partyId, signedMessage } from '@secagg/schema';
import { z } from 'zod';
import { type Engine } from '../engine';
import { type OperatorRequests } from '../operators/operator-requests';

const startedEpochSchema = z.object({
  epoch: z.int(),
  threshold: z.int(),
  candidates: z.array(partyId),
  not_after_ms: z.int(),
});

export const postEpoch = ({ journal, now }: Engine, operators: OperatorRequests, lifetimeMs: number): Operation =>
  defineOperation({
    id: 'post-epoch',
    method: 'post',
    path: '/v1/epochs',
    summary: 'Starts the set-up of a new epoch',
    request: [signedCbor(operatorRequestMessage)],
    urgent: true,
    replies: { 201: replyOf(json(startedEpochSchema), 'What is being set up') },
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
