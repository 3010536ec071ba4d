/** GET /v1/evidence: what this node can prove against others; GET /v1/evidence/receipt-not-honoured/{cluster}/{round}: one proof, to be passed on. */
import { type EvidenceList } from '@secagg/client';
import { ofRoundKey, roundKey } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Router } from 'express';
import { type RouterStore } from '../store/router-store';
import { roundOf } from './parameters';

export function getEvidence(routes: Router, { evidence }: Pick<RouterStore, 'evidence'>): void {
  routes.get('/v1/evidence', (_request, response) => {
    const list: EvidenceList = {
      evidence: evidence.list().map(({ roundKey: key, hasMessage, atMs }) => ({
        kind: 'receipt-not-honoured', ...ofRoundKey(key), at: new Date(atMs).toISOString(), path: hasMessage ? `/v1/evidence/receipt-not-honoured/${key}` : null,
      })),
    };
    response.json(list);
  });
  routes.get('/v1/evidence/receipt-not-honoured/:cluster/:round', (request, response) => {
    const { cluster, round } = roundOf(request.params);
    const message = evidence.message(roundKey(cluster, round));
    if (!message) throw new SecaggError('not_found', 'there is no evidence about this round', { round });
    response.type('application/cbor').send(Buffer.from(message));
  });
}
