/** GET /v1/evidence: what this node can prove against others; GET of the path of one: the proof, to be passed on. */
import { type EvidenceList } from '@secagg/client';
import { ofRoundKey, roundKey } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Router } from 'express';
import { type RouterStore } from '../store/router-store';
import { roundOf } from './parameters';

export function getEvidence(
  routes: Router,
  { evidence, misbehaviour }: Pick<RouterStore, 'evidence' | 'misbehaviour'>,
): void {
  routes.get('/v1/evidence', (_request, response) => {
    const receipts = evidence.list().map(({ roundKey: key, hasMessage, atMs }) => ({
      kind: 'receipt-not-honoured',
      ...ofRoundKey(key),
      at: new Date(atMs).toISOString(),
      path: hasMessage ? `/v1/evidence/receipt-not-honoured/${key}` : null,
    }));
    const others = misbehaviour.list().map(({ kind, party, serial, cluster, round, atMs }) => ({
      kind,
      party,
      ...(cluster === null ? {} : { cluster }),
      ...(round === null ? {} : { round }),
      at: new Date(atMs).toISOString(),
      path: `/v1/evidence/${kind}/${party}/${serial}`,
    }));
    const list: EvidenceList = { evidence: [...receipts, ...others].sort((a, b) => (a.at < b.at ? 1 : -1)) };
    response.json(list);
  });
  routes.get('/v1/evidence/receipt-not-honoured/:cluster/:round', (request, response) => {
    const { cluster, round } = roundOf(request.params);
    const message = evidence.message(roundKey(cluster, round));
    if (!message) throw new SecaggError('not_found', 'there is no evidence about this round', { round });
    response.type('application/cbor').send(Buffer.from(message));
  });
  routes.get('/v1/evidence/:kind/:party/:serial', (request, response) => {
    const { kind, party, serial } = request.params;
    const message = misbehaviour.message(kind, party, Number(serial));
    if (!message) throw new SecaggError('not_found', 'there is no such evidence');
    response.type('application/cbor').send(Buffer.from(message));
  });
}
