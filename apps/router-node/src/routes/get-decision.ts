/** GET /v1/clusters/{cluster}/rounds/{round}/decision: what was decided about a round, for others who were not shown it. */
import { roundKey } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Router } from 'express';
import { type RouterStore } from '../store/router-store';
import { roundOf } from './parameters';

export function getDecision(routes: Router, { decided }: Pick<RouterStore, 'decided'>): void {
  routes.get('/v1/clusters/:cluster/rounds/:round/decision', (request, response) => {
    const { cluster, round } = roundOf(request.params);
    const proof = decided.encoded(roundKey(cluster, round));
    if (!proof)
      throw new SecaggError('not_found', 'no decision on this round was verified here, or it is not kept any more', {
        round,
      });
    response.type('application/cbor').send(Buffer.from(proof));
  });
}
