import { cbor, defineOperation, noContent, type Operation } from '@secagg/http';
import { evidenceMessage } from '@secagg/schema';
import { type MisbehaviourKeeper } from '../misbehaviour';

/** Two announcements or epochs of the largest size; nobody is authenticated, so no more than that is read. */
const MAX_EVIDENCE_BYTES = 4 * 1024 * 1024 + 1024 * 1024;

export const postEvidence = (misbehaviour: MisbehaviourKeeper): Operation =>
  defineOperation({
    id: 'post-evidence',
    method: 'post',
    path: '/v1/evidence',
    summary: "Hands in evidence of a party's misbehaviour; it speaks for itself",
    request: [cbor(evidenceMessage)],
    replies: { 204: 'verified and kept, or the like was kept before', 422: 'it proves nothing' },
    async handle(call) {
      await misbehaviour.keep(await call.body(MAX_EVIDENCE_BYTES));
      return noContent;
    },
  });
