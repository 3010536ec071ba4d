import { isExcluded, misbehaviourKey } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { CBOR_TYPE, jsonReply, type Operation } from '../http/operation';

export const listEvidence = ({ journal }: Engine): Operation => ({
  id: 'list-evidence',
  method: 'get',
  path: '/v1/evidence',
  summary: 'Proven misbehaviour of parties, oldest first',
  replies: { 200: 'JSON: evidence, a list of { id, kind, party, serial, cluster, round, epoch, at, excluded }' },
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

export const getEvidence = ({ journal }: Engine): Operation => ({
  id: 'get-evidence',
  method: 'get',
  path: '/v1/evidence/:id',
  summary: "The signed statements that prove one of them, for whoever has the authority's key",
  replies: { 200: 'evidence', 404: 'there is none of this name' },
  async handle({ params }) {
    const found = [...journal.state.misbehaviour.values()].find(({ id }) => id === params.id);
    if (!found) throw new SecaggError('not_found', 'there is no such evidence');
    return { status: 200, type: CBOR_TYPE, body: found.evidence };
  },
});
