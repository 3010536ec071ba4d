import { acceptedDecisionSchema } from '@secagg/client';
import { cbor, defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { decisionProofMessage } from '@secagg/schema';
import { acceptDecision } from '../participant/accept-decision';
import { type Router } from '../participant/router';

export const postDecision = (router: Router): Operation =>
  defineOperation({
    id: 'post-decisions',
    method: 'post',
    path: '/v1/decisions',
    summary:
      'Shows this node what was decided about a round it waits for; the proof is verified, so any sender will do',
    request: [cbor(decisionProofMessage)],
    replies: {
      200: replyOf(json(acceptedDecisionSchema), 'What it says, and how the round has ended for this router'),
    },
    async handle(call) {
      const proof = new Uint8Array(await call.body(decisionProofMessage.maxBytes));
      await router.store.unlocked();
      return jsonReply(acceptDecision(router, proof));
    },
  });
