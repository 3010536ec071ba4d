import { coordinatorEvidenceSchema } from '@secagg/client';
import { bytesReply, cbor, defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { isExcluded, misbehaviourKey } from '@secagg/protocol';
import { SecaggError, evidenceMessage } from '@secagg/schema';
import { z } from 'zod';
import { type Engine } from '../engine';

export const listEvidence = ({ journal }: Engine): Operation =>
  defineOperation({
    id: 'list-evidence',
    method: 'get',
    path: '/v1/evidence',
    summary: 'Proven misbehaviour of parties, oldest first',
    replies: { 200: replyOf(json(coordinatorEvidenceSchema), 'The list') },
    async handle() {
      const { state } = journal;
      const kept = [...state.misbehaviour.values()].sort(
        (a, b) => a.atMs - b.atMs || (misbehaviourKey(a.proven) < misbehaviourKey(b.proven) ? -1 : 1),
      );
      return jsonReply({
        evidence: kept.map(({ id, proven: { publicKey: _publicKey, ...proven }, atMs }) => ({
          id,
          ...proven,
          at: new Date(atMs).toISOString(),
          excluded: isExcluded(state, proven.party),
        })),
      });
    },
  });

export const getEvidence = ({ journal }: Engine): Operation =>
  defineOperation({
    id: 'get-evidence',
    method: 'get',
    path: '/v1/evidence/:id',
    params: { id: z.string() },
    summary: "The signed statements that prove one of them to anyone with the authority's key",
    replies: { 200: replyOf(cbor(evidenceMessage), 'The statements'), 404: 'there is none of this name' },
    async handle({ params }) {
      const found = [...journal.state.misbehaviour.values()].find(({ id }) => id === params.id);
      if (!found) throw new SecaggError('not_found', 'there is no such evidence');
      return bytesReply(found.evidence);
    },
  });
