/** Proofs and evidence that anybody may hand over: changed anywhere, or put together from parts of others. */
import {
  roundOf,
  verifyDecisionProof,
  verifyEvidence,
  verifyInclusionProof,
  verifyReceiptEvidence,
} from '@secagg/protocol';
import {
  decisionProofMessage,
  evidenceMessage,
  inclusionProofMessage,
  type Message,
  receiptEvidenceMessage,
} from '@secagg/schema';
import { mutateMessage } from '../mutate/message';
import { messagesOf, type World } from '../world';
import { CRUDE, type Make } from './inputs';
import { type Target } from './target';

export function proofTargets(world: World): Target[] {
  const { fleet, rounds } = world;
  const { publicKey } = fleet.authority;
  const { verified: round } = roundOf(fleet.coordinator.state, rounds.published);
  const others = [decisionProofMessage, inclusionProofMessage, receiptEvidenceMessage, evidenceMessage].flatMap(
    ({ type }) => messagesOf(world, type),
  );
  const make =
    ({ type }: Pick<Message<unknown>, 'type'>): Make =>
    (draw) =>
      mutateMessage(draw.pick(messagesOf(world, type)), draw, others, CRUDE);
  return [
    {
      name: 'verifyDecisionProof',
      weight: 0.5,
      make: make(decisionProofMessage),
      run: (input) => void verifyDecisionProof(publicKey, input),
    },
    {
      name: 'verifyInclusionProof',
      weight: 0.5,
      make: make(inclusionProofMessage),
      run: (input) => {
        const proof = inclusionProofMessage.decode(input);
        verifyInclusionProof(round, proof.router, proof);
      },
    },
    {
      name: 'verifyEvidence',
      weight: 0.5,
      make: make(evidenceMessage),
      run: (input) => void verifyEvidence(publicKey, input),
    },
    {
      name: 'verifyReceiptEvidence',
      weight: 0.5,
      make: make(receiptEvidenceMessage),
      run: (input) => void verifyReceiptEvidence(publicKey, input),
    },
  ];
}
